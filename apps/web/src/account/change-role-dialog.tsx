import type { Person, Role } from '@breakwater/contract';
import { type FormEvent, type ReactNode, useState } from 'react';
import { useServices } from '../app/services.ts';
import { useDeed } from '../app/use-deed.ts';
import { describeError } from '../i18n/describe-error.ts';
import { useWords } from '../i18n/use-words.ts';
import { Dialog } from '../ui/dialog.tsx';
import { ErrorLine } from '../ui/message.tsx';
import { updatePerson } from './requests.ts';
import { RoleField } from './role-field.tsx';

export function ChangeRoleDialog(props: {
  readonly person: Person;
  readonly isSelf: boolean;
  readonly onChanged: () => Promise<void>;
  readonly onClose: () => void;
}): ReactNode {
  const { t } = useWords();
  const { notices } = useServices();
  const { person } = props;
  const [role, setRole] = useState<Role>(person.role);
  const { failure, isBusy, run } = useDeed();
  const submit = async (event: FormEvent<HTMLFormElement>): Promise<void> => {
    event.preventDefault();
    const isDone = await run(async () => {
      await updatePerson(person.id, { role });
      await props.onChanged();
    });
    if (!isDone) return;
    notices.show({ kind: 'ok', text: t('people.role_changed', { name: person.username, role: t(`role.${role}`) }) });
    props.onClose();
  };
  return (
    <Dialog role="alertdialog" title={t('people.change_role_of', { name: person.username })} onClose={props.onClose}>
      <form className="form" onSubmit={(event) => void submit(event)}>
        <RoleField value={role} onChoose={setRole} />
        <p className="muted small-text">{t('people.role_at_once')}</p>
        {props.isSelf && role !== 'admin' ? (
          <p className="callout warn" role="status">
            {t('people.role_self')}
          </p>
        ) : null}
        {failure === null ? null : <ErrorLine>{describeError(t, failure)}</ErrorLine>}
        <div className="dialog-actions">
          <button type="button" className="button" onClick={props.onClose}>
            {t('app.cancel')}
          </button>
          <button type="submit" className="button primary" disabled={isBusy || role === person.role}>
            {isBusy ? t('server_form.saving') : t('people.change_role')}
          </button>
        </div>
      </form>
    </Dialog>
  );
}
