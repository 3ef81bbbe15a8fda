import type { Role } from '@breakwater/contract';
import { type FormEvent, type ReactNode, useState } from 'react';
import { PASSWORD_MIN } from '../access/password-strength.ts';
import { ApiError } from '../api/api-error.ts';
import { useServices } from '../app/services.ts';
import { useDeed } from '../app/use-deed.ts';
import { describeError } from '../i18n/describe-error.ts';
import { useWords } from '../i18n/use-words.ts';
import { Dialog } from '../ui/dialog.tsx';
import { Field } from '../ui/field.tsx';
import { focusFirstProblem } from '../ui/focus-soon.ts';
import { ErrorLine } from '../ui/message.tsx';
import { GivenPasswordField } from './given-password-field.tsx';
import { addPerson } from './requests.ts';
import { RoleField } from './role-field.tsx';

/** The same letters as the portal accepts. */
const USERNAME = /^[\p{L}\p{N}._@-]{1,64}$/u;

export function AddPersonDialog(props: { readonly onAdded: () => Promise<void>; readonly onClose: () => void }): ReactNode {
  const { t } = useWords();
  const { notices } = useServices();
  const [username, setUsername] = useState('');
  const [password, setPassword] = useState('');
  const [role, setRole] = useState<Role>('viewer');
  const [wasTried, setTried] = useState(false);
  const [takenName, setTakenName] = useState<string | null>(null);
  const { failure, isBusy, run } = useDeed();

  const name = username.trim();
  const missing = PASSWORD_MIN - Array.from(password).length;
  const isTaken = failure instanceof ApiError && failure.code === 'ACCESS_USERNAME_TAKEN';
  const nameProblem = (): string | null => {
    if (isTaken && takenName === name) return describeError(t, failure);
    if (!wasTried || USERNAME.test(name)) return null;
    return name === '' ? t('access.required') : t('people.invalid_name');
  };

  const submit = async (event: FormEvent<HTMLFormElement>): Promise<void> => {
    event.preventDefault();
    const form = event.currentTarget;
    setTried(true);
    if (!USERNAME.test(name) || missing > 0) {
      focusFirstProblem(form);
      return;
    }
    setTakenName(name);
    const isDone = await run(async () => {
      await addPerson({ username: name, password, role });
      await props.onAdded();
    });
    if (!isDone) {
      focusFirstProblem(form);
      return;
    }
    notices.show({ kind: 'ok', text: t('people.added', { name }) });
    props.onClose();
  };

  return (
    <Dialog role="alertdialog" title={t('people.add')} onClose={props.onClose}>
      <form className="form" noValidate autoComplete="off" onSubmit={(event) => void submit(event)}>
        <Field
          label={t('access.username')}
          value={username}
          error={nameProblem()}
          maxLength={64}
          autoComplete="off"
          autoCapitalize="none"
          spellCheck={false}
          autoFocus
          onChange={(event) => setUsername(event.target.value)}
        />
        <GivenPasswordField
          takesFocus="no"
          value={password}
          error={wasTried && missing > 0 ? t('access.password_short', { count: missing }) : null}
          onChange={setPassword}
        />
        <RoleField value={role} onChoose={setRole} />
        <p className="muted small-text">{t('people.password_hand_over')}</p>
        {failure === null || isTaken ? null : <ErrorLine>{describeError(t, failure)}</ErrorLine>}
        <div className="dialog-actions">
          <button type="button" className="button" onClick={props.onClose}>
            {t('app.cancel')}
          </button>
          <button type="submit" className="button primary" disabled={isBusy}>
            {isBusy ? t('server_form.saving') : t('people.add')}
          </button>
        </div>
      </form>
    </Dialog>
  );
}
