import type { HostKey, HostLogin, HostProfileList, HostSetup, Machine } from '@breakwater/contract';
import { type FormEvent, type ReactNode, useState } from 'react';
import { ApiError } from '../api/api-error.ts';
import { useDeed } from '../app/use-deed.ts';
import { useWords } from '../i18n/use-words.ts';
import { AddressFields } from '../ui/address-fields.tsx';
import { SelectField } from '../ui/field.tsx';
import { focusFirstProblem } from '../ui/focus-soon.ts';
import { ConfigField } from './config-field.tsx';
import { readConfigProblems } from './config-problems.ts';
import { RequestFailure } from './failure-text.tsx';
import { HostKeyDialog } from './host-key-dialog.tsx';
import { ProfileField } from './profile-field.tsx';
import { lookUpHostKey, planSetup } from './requests.ts';
import { checkSetupDraft, type SetupDraft, toSetupCreate } from './setup-draft.ts';

/** Longest wait first that a person would choose for a machine with a large system: half an hour. */
const BOOT_WAIT_MINUTES = [2, 5, 10, 30] as const;

export function SetupForm(props: {
  readonly machine: Machine;
  readonly logins: readonly HostLogin[];
  readonly profiles: HostProfileList;
  readonly wishes: SetupDraft;
  readonly onPlanned: (setup: HostSetup) => void;
}): ReactNode {
  const { machine, logins } = props;
  const { t, format } = useWords();
  const [draft, setDraft] = useState<SetupDraft>(() => ({ ...props.wishes, loginId: toKnownLogin(props.wishes.loginId, logins) }));
  const [wasTried, setTried] = useState(false);
  const [key, setKey] = useState<HostKey | null>(null);
  const { failure, isBusy, run } = useDeed();
  const problems = wasTried ? checkSetupDraft(draft) : {};
  const change = (part: Partial<SetupDraft>): void => setDraft((before) => ({ ...before, ...part }));
  const errorOf = (field: 'host' | 'port' | 'loginId' | 'profile'): string | null => {
    const problem = problems[field];
    if (problem === undefined) return null;
    return problem === 'required' ? t('access.required') : t(`host_setup.${problem}`);
  };

  const plan = async (): Promise<void> => props.onPlanned(await planSetup(toSetupCreate(draft, machine)));
  const submit = async (event: FormEvent<HTMLFormElement>): Promise<void> => {
    event.preventDefault();
    const form = event.currentTarget;
    setTried(true);
    if (Object.keys(checkSetupDraft(draft)).length > 0) {
      focusFirstProblem(form);
      return;
    }
    const isDone = await run(async () => {
      const shown = await lookUp(draft, machine);
      if (shown === null || shown.status === 'trusted') await plan();
      else setKey(shown);
    });
    if (!isDone) focusFirstProblem(form);
  };

  const configProblems = readConfigProblems(failure);
  return (
    <>
      <form
        className="panel form setup-form"
        noValidate
        autoComplete="off"
        aria-labelledby="setup-wishes"
        onSubmit={(event) => void submit(event)}
      >
        <div>
          <h2 id="setup-wishes">{t('host_setup.wishes')}</h2>
          <p className="muted">{t('host_setup.wishes_intro')}</p>
        </div>
        <AddressFields
          host={{
            label: t('host_setup.host'),
            hint: machine.guest_ip === null ? t('host_setup.host_unknown') : t('host_setup.host_known', { address: machine.guest_ip }),
            value: draft.host,
            error: errorOf('host'),
            onChange: (host) => change({ host }),
          }}
          port={{ label: t('host_setup.port'), value: draft.port, error: errorOf('port'), onChange: (port) => change({ port }) }}
        />
        <SelectField
          label={t('host_setup.login')}
          hint={t('host_setup.login_hint')}
          value={draft.loginId}
          error={errorOf('loginId')}
          onChange={(event) => change({ loginId: event.target.value })}
        >
          {logins.length === 1 ? null : <option value="">{t('host_setup.choose')}</option>}
          {logins
            .toSorted((left, right) => format.collator.compare(left.name, right.name))
            .map((login) => (
              <option key={login.id} value={login.id}>
                {t('host_setup.login_option', { name: login.name, user: login.user })}
              </option>
            ))}
        </SelectField>
        <ProfileField
          profiles={props.profiles}
          value={draft.profile}
          error={errorOf('profile')}
          onChoose={(profile) => change({ profile })}
        />
        <ConfigField value={draft.config} problems={configProblems} onChange={(config) => change({ config })} />
        <SelectField
          label={t('host_setup.boot_wait')}
          hint={t('host_setup.boot_wait_hint')}
          value={draft.bootWaitSeconds}
          onChange={(event) => change({ bootWaitSeconds: Number(event.target.value) })}
        >
          <option value={0}>{t('host_setup.boot_wait_none')}</option>
          {BOOT_WAIT_MINUTES.map((minutes) => (
            <option key={minutes} value={minutes * 60}>
              {t('host_setup.boot_wait_up_to', { time: format.duration(minutes * 60_000) })}
            </option>
          ))}
        </SelectField>
        {failure === null || configProblems.length > 0 ? null : <RequestFailure error={failure} />}
        <div className="button-row setup-submit">
          <button type="submit" className="button primary" disabled={isBusy}>
            {isBusy ? t('host_setup.asking') : t('host_setup.plan')}
          </button>
          <p className="muted small-text">{t('host_setup.plan_harmless')}</p>
        </div>
      </form>
      {key === null ? null : (
        <HostKeyDialog
          shown={key}
          machine={machine}
          onConfirmed={() => {
            setKey(null);
            void run(plan);
          }}
          onClose={() => setKey(null)}
        />
      )}
    </>
  );
}

const toKnownLogin = (id: string, logins: readonly HostLogin[]): string =>
  logins.find((login) => login.id === id)?.id ?? (logins.length === 1 ? (logins[0]?.id ?? '') : '');

/** Null: the machine does not answer yet and shall be waited for. Whether its key is known already, the portal tells then. */
async function lookUp(draft: SetupDraft, machine: Machine): Promise<HostKey | null> {
  const { host, moid, port, server_id } = toSetupCreate(draft, machine);
  try {
    return await lookUpHostKey({ server_id, moid, host, port });
  } catch (error) {
    if (draft.bootWaitSeconds > 0 && error instanceof ApiError && error.code === 'HOST_SSH_UNREACHABLE') return null;
    throw error;
  }
}
