import type { HostPlan } from '@breakwater/contract';
import type { ReactNode } from 'react';
import { useWords } from '../i18n/use-words.ts';
import { Icon } from '../ui/icon.tsx';
import { DiffView } from './diff-view.tsx';

type Change = Extract<HostPlan['modules'][number]['steps'][number]['outcome'], { readonly kind: 'change' }>;
type Detail = Change['details'][number];

/** One thing that a step would do, as exactly as it is known. */
export function ChangeDetail({ detail }: { readonly detail: Detail }): ReactNode {
  const { t } = useWords();
  switch (detail.kind) {
    case 'file':
      return <DiffView path={detail.path} action={detail.action} diff={detail.diff} isCut={detail.is_cut} />;
    case 'packages':
      return <Packages detail={detail} />;
    case 'attributes':
      return <BeforeAfter what={detail.path} before={detail.before} after={detail.after} />;
    case 'service':
      return <BeforeAfter what={detail.unit} before={detail.before} after={detail.after} />;
    case 'account':
      return (
        <p>
          <code>{detail.name}</code>: <span lang="en">{detail.action}</span>
        </p>
      );
    case 'download':
      return (
        <p>
          {t('host_plan.download')} <code>{detail.url}</code> → <code>{detail.path}</code>
        </p>
      );
    case 'command':
      return (
        <p>
          {t('host_plan.command')} <code>{detail.argv.join(' ')}</code>
        </p>
      );
  }
}

function BeforeAfter(props: { readonly what: string; readonly before: string; readonly after: string }): ReactNode {
  return (
    <p>
      <code>{props.what}</code>: <span lang="en">{props.before}</span> → <strong lang="en">{props.after}</strong>
    </p>
  );
}

function Packages({ detail }: { readonly detail: Extract<Detail, { readonly kind: 'packages' }> }): ReactNode {
  const { t } = useWords();
  return (
    <dl className="facts packages">
      {(['remove', 'install', 'upgrade'] as const).map((act) =>
        detail[act].length === 0 ? null : (
          <div key={act} className={`fact packages-${act}`}>
            <dt>
              {act === 'remove' ? <Icon name="alert" /> : null}
              {t(`host_packages.${act}`, { count: detail[act].length })}
            </dt>
            <dd>
              <code>{detail[act].join(', ')}</code>
            </dd>
          </div>
        ),
      )}
    </dl>
  );
}
