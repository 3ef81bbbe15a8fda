import { type ReactNode, useId } from 'react';
import { useNow } from '../app/use-now.ts';
import { useWords } from '../i18n/use-words.ts';

const CHOICES = [5, 15, 60, 240, 1_440] as const;
export const USUAL_MINUTES = 15;
const MINUTE_MS = 60_000;

/** For how long something set by hand holds, and when that will be over. */
export function HoldField(props: { readonly minutes: number | null; readonly onChoose: (minutes: number | null) => void }): ReactNode {
  const { minutes } = props;
  const { t, format } = useWords();
  const now = useNow(10_000);
  const id = useId();
  return (
    <div className="field">
      <label htmlFor={id}>{t('hold.label')}</label>
      <select
        id={id}
        value={minutes ?? 'never'}
        aria-describedby={`${id}-hint`}
        onChange={(event) => props.onChoose(CHOICES.find((choice) => String(choice) === event.target.value) ?? null)}
      >
        {CHOICES.map((choice) => (
          <option key={choice} value={choice}>
            {format.duration(choice * MINUTE_MS)}
          </option>
        ))}
        <option value="never">{t('hold.until_changed')}</option>
      </select>
      <p id={`${id}-hint`} className="hint">
        {minutes === null ? t('hold.stays') : t('hold.ends', { time: format.time(now + minutes * MINUTE_MS) })}
      </p>
    </div>
  );
}
