import type { LimitPreset, Resilience, ServerResilience } from '@breakwater/contract';
import { type FormEvent, type ReactNode, useId, useState } from 'react';
import { useDeed } from '../app/use-deed.ts';
import { describeError } from '../i18n/describe-error.ts';
import { useWords } from '../i18n/use-words.ts';
import { Field } from '../ui/field.tsx';
import { focusFirstProblem } from '../ui/focus-soon.ts';
import { ErrorLine } from '../ui/message.tsx';
import { HoldField, USUAL_MINUTES } from './hold-field.tsx';
import { LIMIT_NAMES } from './limit-names.ts';
import { changeLimit, findWrong, type LimitsDraft, PRESET_NAMES, toDraft, toRequest } from './limits-draft.ts';
import { setLimits } from './requests.ts';

/** A preset fills the fields; a number of one's own makes it one's own. What is wrong is said while it is typed. */
export function LimitsForm(props: {
  readonly server: ServerResilience;
  readonly settings: Pick<Resilience, 'presets' | 'limit_ranges'>;
  readonly onDone: (row: ServerResilience) => void;
  readonly onCancel: () => void;
}): ReactNode {
  const { server, settings } = props;
  const { t, format } = useWords();
  const id = useId();
  const { origin, values } = server.limits;
  const [draft, setDraft] = useState<LimitsDraft>(() => toDraft(values, origin === 'configured' ? 'numbers' : origin));
  const [minutes, setMinutes] = useState<number | null>(USUAL_MINUTES);
  const { failure, isBusy, run } = useDeed();
  const ranges = settings.limit_ranges;
  const wrong = findWrong(draft, ranges);
  const choose = (text: string): void => {
    const preset: LimitPreset | undefined = PRESET_NAMES.find((name) => name === text);
    setDraft(preset === undefined ? { ...draft, preset: 'numbers' } : toDraft(settings.presets[preset], preset));
  };
  const submit = async (event: FormEvent<HTMLFormElement>): Promise<void> => {
    event.preventDefault();
    if (wrong.length > 0) focusFirstProblem(event.currentTarget);
    else await run(async () => props.onDone(await setLimits(server.id, toRequest(draft, minutes))));
  };
  return (
    <form className="form" noValidate autoComplete="off" onSubmit={(event) => void submit(event)}>
      <div className="field">
        <label htmlFor={id}>{t('limits.preset')}</label>
        <select id={id} value={draft.preset} onChange={(event) => choose(event.target.value)}>
          <option value="numbers">{t('limit_origin.numbers')}</option>
          {PRESET_NAMES.map((name) => (
            <option key={name} value={name}>
              {t(`limit_origin.${name}`)}
            </option>
          ))}
        </select>
      </div>
      <div className="limit-fields">
        {LIMIT_NAMES.map((name) => {
          const range = { min: format.number(ranges[name].min), max: format.number(ranges[name].max) };
          return (
            <Field
              key={name}
              label={t(`limit.${name}`)}
              hint={t('limits.range', range)}
              error={wrong.includes(name) ? t('limits.wrong', range) : null}
              inputMode="numeric"
              value={draft.texts[name]}
              onChange={(event) => setDraft(changeLimit(draft, name, event.target.value))}
            />
          );
        })}
      </div>
      <HoldField minutes={minutes} onChoose={setMinutes} />
      {failure === null ? null : <ErrorLine>{describeError(t, failure)}</ErrorLine>}
      <div className="dialog-actions">
        <button type="button" className="button" onClick={props.onCancel}>
          {t('app.cancel')}
        </button>
        <button type="submit" className="button primary" disabled={isBusy}>
          {t('limits.apply')}
        </button>
      </div>
    </form>
  );
}
