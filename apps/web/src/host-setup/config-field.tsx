import { type ReactNode, useRef } from 'react';
import { useWords } from '../i18n/use-words.ts';
import { TextAreaField } from '../ui/field.tsx';
import { type ConfigProblem, toOffset } from './config-problems.ts';

/** As long as the API takes it. */
const MAX_CHARACTERS = 48_000;

export function ConfigField(props: {
  readonly value: string;
  readonly problems: readonly ConfigProblem[];
  readonly onChange: (config: string) => void;
}): ReactNode {
  const { t } = useWords();
  const area = useRef<HTMLTextAreaElement>(null);
  const show = ({ at }: ConfigProblem): void => {
    const found = area.current;
    if (found === null || at === null) return;
    const offset = toOffset(found.value, at);
    found.focus();
    found.setSelectionRange(offset, offset);
  };
  return (
    <div className="config-field">
      <TextAreaField
        ref={area}
        label={t('host_setup.config')}
        hint={t('host_setup.config_hint')}
        value={props.value}
        error={props.problems.length === 0 ? null : t('host_setup.config_wrong', { count: props.problems.length })}
        maxLength={MAX_CHARACTERS}
        rows={props.value === '' ? 3 : 10}
        onChange={(event) => props.onChange(event.target.value)}
      />
      {props.problems.length === 0 ? null : (
        <ul className="plain-list config-problems">
          {props.problems.map((problem) => (
            <li key={`${problem.at?.line ?? 0}:${problem.text}`}>
              {problem.at === null ? null : (
                <button type="button" className="button small" onClick={() => show(problem)}>
                  {t('host_setup.config_place', { line: problem.at.line, column: problem.at.column })}
                </button>
              )}
              <span lang="en">{problem.text}</span>
            </li>
          ))}
        </ul>
      )}
    </div>
  );
}
