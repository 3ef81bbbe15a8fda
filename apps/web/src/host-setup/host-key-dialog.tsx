import type { HostKey, Machine } from '@breakwater/contract';
import { type FormEvent, type ReactNode, useState } from 'react';
import { useDeed } from '../app/use-deed.ts';
import { useWords } from '../i18n/use-words.ts';
import { Dialog } from '../ui/dialog.tsx';
import { Field } from '../ui/field.tsx';
import { focusFirstProblem } from '../ui/focus-soon.ts';
import { Icon } from '../ui/icon.tsx';
import { RequestFailure } from './failure-text.tsx';
import { trustHostKey } from './requests.ts';

/** How many of the last letters of a changed key have to be typed: enough not to be hit by chance, few enough to be read off a console. */
const TYPED_LETTERS = 6;

/**
 * A key is confirmed once, by a person who has compared it. For a changed one its end has to be typed as the machine itself shows it, because clicking on is
 * what somebody in between hopes for.
 */
export function HostKeyDialog(props: {
  readonly shown: HostKey;
  readonly machine: Machine;
  readonly onConfirmed: () => void;
  readonly onClose: () => void;
}): ReactNode {
  const { machine, shown } = props;
  const { t } = useWords();
  const [typed, setTyped] = useState('');
  const [wasTried, setTried] = useState(false);
  const { failure, isBusy, run } = useDeed();
  const { trusted } = shown;
  const hasChanged = shown.status === 'changed';
  const isTyped = !hasChanged || typed.trim() === shown.fingerprint.slice(-TYPED_LETTERS);
  const submit = async (event: FormEvent<HTMLFormElement>): Promise<void> => {
    event.preventDefault();
    setTried(true);
    if (!isTyped) {
      focusFirstProblem(event.currentTarget);
      return;
    }
    const { fingerprint, host, moid, port, server_id } = shown;
    const isDone = await run(async () => {
      await trustHostKey({ server_id, moid, host, port, fingerprint, replaces: hasChanged ? (trusted?.fingerprint ?? null) : null });
    });
    if (isDone) props.onConfirmed();
  };
  return (
    <Dialog
      role="alertdialog"
      size="wide"
      title={t(hasChanged ? 'host_key.changed_title' : 'host_key.new_title', { name: machine.name })}
      onClose={props.onClose}
    >
      <form className="form" noValidate autoComplete="off" onSubmit={(event) => void submit(event)}>
        {hasChanged ? (
          <p className="error-line">
            <Icon name="alert" />
            <span>{t('host_key.changed_text')}</span>
          </p>
        ) : (
          <p>{t('host_key.new_text')}</p>
        )}
        <KeyFacts shown={shown} />
        <div className="key-compare">
          <p>{t('host_key.compare')}</p>
          <pre className="command">
            <code>{`ssh-keygen -lf /etc/ssh/${toKeyFile(shown.key_type)}`}</code>
          </pre>
        </div>
        {hasChanged ? (
          <Field
            label={t('host_key.type_end', { count: TYPED_LETTERS })}
            hint={t('host_key.type_end_hint')}
            value={typed}
            error={wasTried && !isTyped ? t('host_key.type_end_wrong') : null}
            maxLength={TYPED_LETTERS}
            autoComplete="off"
            autoCapitalize="none"
            spellCheck={false}
            onChange={(event) => setTyped(event.target.value)}
          />
        ) : null}
        {failure === null ? null : <RequestFailure error={failure} />}
        <div className="dialog-actions">
          {/* biome-ignore lint/a11y/noAutofocus: the harmless answer has the focus when a dialog opens. */}
          <button type="button" className="button" onClick={props.onClose} autoFocus>
            {t('host_key.refuse')}
          </button>
          <button type="submit" className={hasChanged ? 'button danger' : 'button primary'} disabled={isBusy}>
            {hasChanged ? t('host_key.replace') : t('host_key.confirm')}
          </button>
        </div>
      </form>
    </Dialog>
  );
}

function KeyFacts({ shown }: { readonly shown: HostKey }): ReactNode {
  const { t, format } = useWords();
  return (
    <dl className="facts">
      <div className="fact">
        <dt>{t('host_key.address')}</dt>
        <dd>{t('host_setup.address_value', { host: shown.host, port: shown.port })}</dd>
      </div>
      {shown.status === 'changed' && shown.trusted !== null ? (
        <div className="fact">
          <dt>{t('host_key.before')}</dt>
          <dd>
            <code className="fingerprint">{shown.trusted.fingerprint}</code>
            <p className="muted small-text">
              {t('host_key.confirmed_by', { who: shown.trusted.by, time: format.dateTime(shown.trusted.at) })}
            </p>
          </dd>
        </div>
      ) : null}
      <div className="fact">
        <dt>{t('host_key.now')}</dt>
        <dd>
          <code className="fingerprint">{shown.fingerprint}</code>
          <p className="muted small-text">{shown.key_type}</p>
        </dd>
      </div>
    </dl>
  );
}

/** Where OpenSSH keeps the public half of its key on Debian. */
function toKeyFile(keyType: string): string {
  const kind = keyType.includes('ed25519') ? 'ed25519' : keyType.startsWith('ecdsa') ? 'ecdsa' : 'rsa';
  return `ssh_host_${kind}_key.pub`;
}
