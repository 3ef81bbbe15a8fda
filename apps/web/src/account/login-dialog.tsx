import type { HostLogin } from '@breakwater/contract';
import { type FormEvent, type ReactNode, useState } from 'react';
import { ApiError } from '../api/api-error.ts';
import { useServices } from '../app/services.ts';
import { useDeed } from '../app/use-deed.ts';
import { describeError } from '../i18n/describe-error.ts';
import { useWords } from '../i18n/use-words.ts';
import { Dialog } from '../ui/dialog.tsx';
import { Field } from '../ui/field.tsx';
import { focusFirstProblem } from '../ui/focus-soon.ts';
import { ErrorLine } from '../ui/message.tsx';
import { addHostLogin, updateHostLogin } from './host-login-requests.ts';
import { PrivateKeyField } from './private-key-field.tsx';

type Act = 'add' | 'rename' | 'replace';

/** The same letters as the portal accepts. */
const USER = /^[A-Za-z_][A-Za-z0-9._-]{0,31}$/;

/** The field that a refusal is about. */
const FIELD_OF: Readonly<Record<string, 'name' | 'key' | 'passphrase'>> = {
  HOST_LOGIN_NAME_TAKEN: 'name',
  HOST_LOGIN_KEY_INVALID: 'key',
  HOST_LOGIN_PASSPHRASE: 'passphrase',
};

/** Adds a login, gives it other names, or another key. What was stored of the key before is never shown. */
export function LoginDialog(props: {
  readonly act: Act;
  readonly login: HostLogin | null;
  readonly onChanged: () => Promise<void>;
  readonly onClose: () => void;
}): ReactNode {
  const { act, login } = props;
  const { t } = useWords();
  const { notices } = useServices();
  const [name, setName] = useState(login?.name ?? '');
  const [user, setUser] = useState(login?.user ?? '');
  const [key, setKey] = useState('');
  const [passphrase, setPassphrase] = useState('');
  const [wasTried, setTried] = useState(false);
  const { failure, isBusy, run } = useDeed();
  const [hasNames, hasKey] = [act !== 'replace', act !== 'rename'];

  const refused = failure instanceof ApiError ? FIELD_OF[failure.code] : undefined;
  const toRefusal = (field: 'name' | 'key' | 'passphrase'): string | null => (refused === field ? describeError(t, failure) : null);
  const nameProblem = (): string | null => (wasTried && name.trim() === '' ? t('access.required') : toRefusal('name'));
  const userProblem = (): string | null => {
    if (!wasTried || USER.test(user.trim())) return null;
    return user.trim() === '' ? t('access.required') : t('host_login.invalid_user');
  };
  const keyProblem = (): string | null => (wasTried && key.trim() === '' ? t('access.required') : toRefusal('key'));
  const isComplete = (!hasNames || (name.trim() !== '' && USER.test(user.trim()))) && (!hasKey || key.trim() !== '');

  const send = async (): Promise<void> => {
    const names = { name: name.trim(), user: user.trim() };
    const secrets = { private_key: key, passphrase: passphrase === '' ? null : passphrase };
    if (login === null) await addHostLogin({ ...names, ...secrets });
    else await updateHostLogin(login.id, hasKey ? secrets : names);
    await props.onChanged();
  };
  const submit = async (event: FormEvent<HTMLFormElement>): Promise<void> => {
    event.preventDefault();
    const form = event.currentTarget;
    setTried(true);
    if (!isComplete || !(await run(send))) {
      focusFirstProblem(form);
      return;
    }
    notices.show({ kind: 'ok', text: t(`host_login_done.${act}`, { name: name.trim() }) });
    props.onClose();
  };

  const title = login === null ? t('host_login.add') : t('host_login.act_of', { act: t(`host_login.${act}`), name: login.name });
  return (
    <Dialog role="alertdialog" size={hasKey ? 'wide' : 'normal'} title={title} onClose={props.onClose}>
      <form className="form" noValidate autoComplete="off" onSubmit={(event) => void submit(event)}>
        {hasNames ? (
          <>
            <Field
              label={t('host_login.name')}
              hint={t('host_login.name_hint')}
              value={name}
              error={nameProblem()}
              maxLength={120}
              autoFocus
              onChange={(event) => setName(event.target.value)}
            />
            <Field
              label={t('host_login.user')}
              hint={t('host_login.user_hint')}
              value={user}
              error={userProblem()}
              maxLength={32}
              autoCapitalize="none"
              spellCheck={false}
              onChange={(event) => setUser(event.target.value)}
            />
          </>
        ) : null}
        {hasKey ? (
          <>
            <PrivateKeyField value={key} error={keyProblem()} onChange={setKey} />
            <Field
              label={t('host_login.passphrase')}
              hint={t('host_login.passphrase_hint')}
              type="password"
              value={passphrase}
              error={toRefusal('passphrase')}
              maxLength={1_024}
              autoComplete="new-password"
              onChange={(event) => setPassphrase(event.target.value)}
            />
          </>
        ) : null}
        {failure === null || refused !== undefined ? null : <ErrorLine>{describeError(t, failure)}</ErrorLine>}
        <div className="dialog-actions">
          <button type="button" className="button" onClick={props.onClose}>
            {t('app.cancel')}
          </button>
          <button type="submit" className="button primary" disabled={isBusy}>
            {isBusy ? t('server_form.saving') : t(`host_login.${act}`)}
          </button>
        </div>
      </form>
    </Dialog>
  );
}
