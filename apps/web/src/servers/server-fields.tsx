import type { Server } from '@breakwater/contract';
import { type FormEvent, type ReactNode, useState } from 'react';
import { useWords } from '../i18n/use-words.ts';
import { AddressFields } from '../ui/address-fields.tsx';
import { CheckField, Field } from '../ui/field.tsx';
import { checkDraft, needsPassword, type ServerDraft } from './server-draft.ts';

export function ServerFields(props: {
  readonly server: Server | null;
  readonly draft: ServerDraft;
  readonly onChange: (draft: ServerDraft) => void;
  readonly onSubmit: () => void;
  readonly onCancel: () => void;
}): ReactNode {
  const { server, draft } = props;
  const { t } = useWords();
  const [wasTried, setTried] = useState(false);
  const problems = wasTried ? checkDraft(draft, server) : {};
  const errorOf = (field: keyof ServerDraft): string | null => {
    const problem = problems[field];
    if (problem === undefined) return null;
    return problem === 'required' ? t('access.required') : t(`server_form.${problem}`);
  };
  const change = (part: Partial<ServerDraft>): void => props.onChange({ ...draft, ...part });
  const submit = (event: FormEvent<HTMLFormElement>): void => {
    event.preventDefault();
    setTried(true);
    if (Object.keys(checkDraft(draft, server)).length === 0) {
      props.onSubmit();
      return;
    }
    const form = event.currentTarget;
    requestAnimationFrame(() => form.querySelector<HTMLElement>('[aria-invalid="true"]')?.focus());
  };
  const passwordHint =
    server === null ? undefined : needsPassword(draft, server) ? t('server_form.password_again') : t('server_form.password_keep');
  return (
    <form className="form" noValidate autoComplete="off" onSubmit={submit}>
      <Field
        label={t('server_form.name')}
        hint={t('server_form.name_hint')}
        value={draft.name}
        error={errorOf('name')}
        maxLength={120}
        onChange={(event) => change({ name: event.target.value })}
      />
      <AddressFields
        host={{ label: t('server_form.host'), value: draft.host, error: errorOf('host'), onChange: (host) => change({ host }) }}
        port={{ label: t('server_form.port'), value: draft.port, error: errorOf('port'), onChange: (port) => change({ port }) }}
      />
      <div className="field-pair even">
        <Field
          label={t('server_form.user')}
          value={draft.user}
          error={errorOf('user')}
          maxLength={256}
          spellCheck={false}
          autoCapitalize="none"
          autoComplete="off"
          onChange={(event) => change({ user: event.target.value })}
        />
        <Field
          label={t('server_form.password')}
          type="password"
          value={draft.password}
          error={errorOf('password')}
          hint={passwordHint}
          maxLength={1024}
          autoComplete="new-password"
          onChange={(event) => change({ password: event.target.value })}
        />
      </div>
      <CheckField
        label={t('server_form.verify')}
        hint={t('server_form.verify_hint')}
        checked={draft.verifySsl}
        onChange={(event) => change({ verifySsl: event.target.checked })}
      />
      <CheckField
        label={t('server_form.enabled')}
        checked={draft.enabled}
        onChange={(event) => change({ enabled: event.target.checked })}
      />
      <div className="dialog-actions">
        <button type="button" className="button" onClick={props.onCancel}>
          {t('app.cancel')}
        </button>
        <button type="submit" className="button primary">
          {t('server_form.next')}
        </button>
      </div>
    </form>
  );
}
