import type { HostProfileList } from '@breakwater/contract';
import { type ReactNode, useId } from 'react';
import { useWords } from '../i18n/use-words.ts';

/** What the machine shall become: each profile with what it does, and the modules that it consists of. */
export function ProfileField(props: {
  readonly profiles: HostProfileList;
  readonly value: string;
  readonly error: string | null;
  readonly onChoose: (profile: string) => void;
}): ReactNode {
  const { t } = useWords();
  const name = useId();
  const { error } = props;
  const choices = [...props.profiles.profiles, { name: '', description: '', modules: [] }];
  return (
    <div
      role="radiogroup"
      aria-labelledby={`${name}-label`}
      className="choices profile-field"
      tabIndex={-1}
      aria-invalid={error !== null}
      aria-describedby={error === null ? undefined : `${name}-error`}
    >
      <p id={`${name}-label`} className="group-label">
        {t('host_setup.profile')}
      </p>
      {choices.map((profile) => (
        <div key={profile.name} className="choice">
          <input
            id={`${name}-${profile.name}`}
            type="radio"
            name={name}
            checked={profile.name === props.value}
            aria-describedby={`${name}-${profile.name}-hint`}
            onChange={() => props.onChoose(profile.name)}
          />
          <label htmlFor={`${name}-${profile.name}`}>{profile.name === '' ? t('host_setup.profile_none') : profile.name}</label>
          <div id={`${name}-${profile.name}-hint`} className="hint">
            {profile.name === '' ? <span>{t('host_setup.profile_none_hint')}</span> : <span lang="en">{profile.description}</span>}
          </div>
          {profile.modules.length === 0 ? null : <ModuleList names={profile.modules} modules={props.profiles.modules} />}
        </div>
      ))}
      {error === null ? null : (
        <p id={`${name}-error`} className="field-error" role="alert">
          {error}
        </p>
      )}
    </div>
  );
}

function ModuleList(props: { readonly names: readonly string[]; readonly modules: HostProfileList['modules'] }): ReactNode {
  const { t } = useWords();
  return (
    <details className="fold small-text profile-modules">
      <summary>{t('host_setup.modules', { count: props.names.length })}</summary>
      <dl className="facts compact">
        {props.names.map((name) => (
          <div key={name} className="module-line">
            <dt>
              <code>{name}</code>
            </dt>
            <dd lang="en">{props.modules.find((module) => module.name === name)?.description ?? ''}</dd>
          </div>
        ))}
      </dl>
    </details>
  );
}
