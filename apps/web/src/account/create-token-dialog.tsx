import type { Role } from '@breakwater/contract';
import { type FormEvent, type ReactNode, useId, useState } from 'react';
import { toPortalUrl } from '../api/base-path.ts';
import { useDeed } from '../app/use-deed.ts';
import { describeError } from '../i18n/describe-error.ts';
import { useWords } from '../i18n/use-words.ts';
import { CopyField } from '../ui/copy-field.tsx';
import { Dialog } from '../ui/dialog.tsx';
import { Field } from '../ui/field.tsx';
import { focusFirstProblem } from '../ui/focus-soon.ts';
import { ErrorLine } from '../ui/message.tsx';
import { type CreatedToken, createToken } from './requests.ts';
import { RoleField } from './role-field.tsx';

const DAYS = [7, 30, 90, 365] as const;
const USUAL_DAYS = 90;

export function CreateTokenDialog(props: { readonly onCreated: () => Promise<void>; readonly onClose: () => void }): ReactNode {
  const { t } = useWords();
  const [made, setMade] = useState<CreatedToken | null>(null);
  return (
    <Dialog
      role="alertdialog"
      size="wide"
      title={made === null ? t('tokens.create') : t('tokens.made_title', { name: made.name })}
      onClose={props.onClose}
    >
      {made === null ? (
        <TokenForm
          onCancel={props.onClose}
          onMade={(token) => {
            setMade(token);
            return props.onCreated();
          }}
        />
      ) : (
        <MadeToken token={made} onClose={props.onClose} />
      )}
    </Dialog>
  );
}

function TokenForm(props: { readonly onMade: (token: CreatedToken) => Promise<void>; readonly onCancel: () => void }): ReactNode {
  const { t } = useWords();
  const [name, setName] = useState('');
  const [role, setRole] = useState<Role>('viewer');
  const [days, setDays] = useState<number | null>(USUAL_DAYS);
  const [wasTried, setTried] = useState(false);
  const { failure, isBusy, run } = useDeed();
  const submit = async (event: FormEvent<HTMLFormElement>): Promise<void> => {
    event.preventDefault();
    setTried(true);
    if (name.trim() === '') {
      focusFirstProblem(event.currentTarget);
      return;
    }
    await run(async () => props.onMade(await createToken({ name: name.trim(), role, expires_in_days: days })));
  };
  return (
    <form className="form" noValidate autoComplete="off" onSubmit={(event) => void submit(event)}>
      <Field
        label={t('tokens.name')}
        hint={t('tokens.name_hint')}
        value={name}
        error={wasTried && name.trim() === '' ? t('access.required') : null}
        maxLength={120}
        autoFocus
        onChange={(event) => setName(event.target.value)}
      />
      <RoleField value={role} onChoose={setRole} />
      <ExpiryField days={days} onChoose={setDays} />
      {failure === null ? null : <ErrorLine>{describeError(t, failure)}</ErrorLine>}
      <div className="dialog-actions">
        <button type="button" className="button" onClick={props.onCancel}>
          {t('app.cancel')}
        </button>
        <button type="submit" className="button primary" disabled={isBusy}>
          {isBusy ? t('tokens.creating') : t('tokens.create')}
        </button>
      </div>
    </form>
  );
}

function ExpiryField(props: { readonly days: number | null; readonly onChoose: (days: number | null) => void }): ReactNode {
  const { t } = useWords();
  const id = useId();
  return (
    <div className="field">
      <label htmlFor={id}>{t('tokens.expires')}</label>
      <select
        id={id}
        value={props.days ?? 'never'}
        aria-describedby={`${id}-hint`}
        onChange={(event) => {
          props.onChoose(DAYS.find((days) => String(days) === event.target.value) ?? null);
        }}
      >
        {DAYS.map((days) => (
          <option key={days} value={days}>
            {t('tokens.in_days', { count: days })}
          </option>
        ))}
        <option value="never">{t('tokens.never')}</option>
      </select>
      <p id={`${id}-hint`} className="hint">
        {props.days === null ? t('tokens.never_hint') : t('tokens.expires_hint')}
      </p>
    </div>
  );
}

/** The only moment in which the token itself can be seen. */
function MadeToken({ token, onClose }: { readonly token: CreatedToken; readonly onClose: () => void }): ReactNode {
  const { t } = useWords();
  const url = `${location.origin}${toPortalUrl('/api/v1/servers')}`;
  return (
    <>
      <p className="callout warn">{t('tokens.made_text')}</p>
      <CopyField label={t('tokens.token')} text={token.token} takesFocus="yes" />
      <CopyField label={t('tokens.try_it')} text={`curl -H 'Authorization: Bearer ${token.token}' '${url}'`} takesFocus="no" />
      <div className="dialog-actions">
        <button type="button" className="button primary" onClick={onClose}>
          {t('tokens.made_done')}
        </button>
      </div>
    </>
  );
}
