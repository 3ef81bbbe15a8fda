import type { Operation } from '@breakwater/contract';
import { Link } from '@tanstack/react-router';
import type { ReactNode } from 'react';
import { useMay } from '../app/services.ts';
import { describeProgress } from '../host-setup/describe-progress.ts';
import { readProgress } from '../host-setup/read-progress.ts';
import { useWords } from '../i18n/use-words.ts';
import { isRunning } from './is-running.ts';

const KINDS = {
  'host.plan': 'host_plan',
  'host.apply': 'host_apply',
  'host.resume': 'host_resume',
  'host.roll_back': 'host_roll_back',
  'host.trust_key': 'host_trust_key',
  'host.add_login': 'host_add_login',
  'host.change_login': 'host_change_login',
  'host.replace_login_key': 'host_replace_login_key',
  'host.remove_login': 'host_remove_login',
} as const;

const isKnown = (kind: string): kind is keyof typeof KINDS => Object.hasOwn(KINDS, kind);

/** Null for operations of another sort. */
export const toHostKind = (kind: string): (typeof KINDS)[keyof typeof KINDS] | null => (isKnown(kind) ? KINDS[kind] : null);

/** How far a set-up is while it runs, and the way to it. */
export function HostAct({ operation }: { readonly operation: Operation }): ReactNode {
  const { t } = useWords();
  const mayOperate = useMay('operator');
  const progress = readProgress(operation);
  if (progress === null) return <KeyAct operation={operation} />;
  const { moid, server_id: serverId } = operation;
  return (
    <>
      {isRunning(operation) ? <span className="outcome-why">{describeProgress(t, progress)}</span> : null}
      {serverId === null || moid === null || !mayOperate ? null : (
        <Link to="/machines/$serverId/$moid/setup/$setupId" params={{ serverId, moid, setupId: progress.setup_id }} className="small-text">
          {t('host_setup.open')}
        </Link>
      )}
    </>
  );
}

/** Which login or key it was about. */
function KeyAct({ operation }: { readonly operation: Operation }): ReactNode {
  if (toHostKind(operation.kind) === null) return null;
  const { fingerprint } = operation.details ?? {};
  return typeof fingerprint === 'string' ? <code className="outcome-why fingerprint">{fingerprint}</code> : null;
}
