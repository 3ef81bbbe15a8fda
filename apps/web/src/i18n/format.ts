import type { Language } from './languages.ts';

/** Numbers, sizes and times as a reader of one language expects them. Only `Intl` decides. */
export interface Formatter {
  readonly language: string;
  readonly collator: Intl.Collator;
  readonly number: (value: number) => string;
  readonly percent: (value: number) => string;
  readonly bytes: (value: number) => string;
  /** 90 -> `2 min`. Rounded to one unit. */
  readonly duration: (milliseconds: number) => string;
  /** 150 -> `150 ms`, 1500 -> `1.5 sec`: what is mostly shorter than a minute. */
  readonly span: (milliseconds: number) => string;
  readonly ago: (milliseconds: number) => string;
  readonly hourMinute: (instant: string | number) => string;
  readonly time: (instant: string | number) => string;
  readonly dateTime: (instant: string | number) => string;
}

const UNITS = {
  en: ['B', 'KiB', 'MiB', 'GiB', 'TiB', 'PiB'],
  es: ['B', 'KiB', 'MiB', 'GiB', 'TiB', 'PiB'],
  ru: ['Б', 'КиБ', 'МиБ', 'ГиБ', 'ТиБ', 'ПиБ'],
} as const;

const SECOND = 1_000;
const MINUTE = 60 * SECOND;
const HOUR = 60 * MINUTE;
const DAY = 24 * HOUR;

/** `locale` is the language with the reader's region, which decides on the order of dates and on 24 hours: `en-GB`. */
export function createFormatter(language: Language, { locale }: { readonly locale: string }): Formatter {
  const integers = new Intl.NumberFormat(locale, { maximumFractionDigits: 0 });
  const oneDigit = new Intl.NumberFormat(locale, { maximumFractionDigits: 1 });
  const percents = new Intl.NumberFormat(locale, { style: 'percent', maximumFractionDigits: 0 });
  const times = new Intl.DateTimeFormat(locale, { timeStyle: 'medium' });
  const dateTimes = new Intl.DateTimeFormat(locale, { dateStyle: 'medium', timeStyle: 'medium' });
  const relative = new Intl.RelativeTimeFormat(locale, { numeric: 'always', style: 'short' });
  const shortTimes = new Intl.DateTimeFormat(locale, { timeStyle: 'short' });
  const fineSeconds = new Intl.NumberFormat(locale, { style: 'unit', unit: 'second', unitDisplay: 'short', maximumFractionDigits: 1 });
  const units = new Map<string, Intl.NumberFormat>();
  const toUnit = (unit: string): Intl.NumberFormat => {
    const known = units.get(unit) ?? new Intl.NumberFormat(locale, { style: 'unit', unit, unitDisplay: 'short', maximumFractionDigits: 0 });
    units.set(unit, known);
    return known;
  };
  const split = (milliseconds: number): readonly [number, 'second' | 'minute' | 'hour' | 'day'] => {
    if (milliseconds < MINUTE) return [Math.max(0, Math.round(milliseconds / SECOND)), 'second'];
    if (milliseconds < HOUR) return [Math.floor(milliseconds / MINUTE), 'minute'];
    if (milliseconds < DAY) return [Math.floor(milliseconds / HOUR), 'hour'];
    return [Math.floor(milliseconds / DAY), 'day'];
  };
  return {
    language,
    collator: new Intl.Collator(locale, { numeric: true, sensitivity: 'base' }),
    number: (value) => integers.format(value),
    percent: (value) => percents.format(value / 100),
    bytes(value) {
      const power = value < 1 ? 0 : Math.min(UNITS[language].length - 1, Math.floor(Math.log2(value) / 10));
      return `${oneDigit.format(value / 1024 ** power)}\u00a0${UNITS[language][power]}`;
    },
    duration(milliseconds) {
      const [amount, unit] = split(milliseconds);
      return toUnit(unit).format(amount);
    },
    span(milliseconds) {
      if (milliseconds < SECOND) return toUnit('millisecond').format(milliseconds);
      return milliseconds < MINUTE ? fineSeconds.format(milliseconds / SECOND) : this.duration(milliseconds);
    },
    ago(milliseconds) {
      const [amount, unit] = split(milliseconds);
      return relative.format(-amount, unit);
    },
    hourMinute: (instant) => shortTimes.format(new Date(instant)),
    time: (instant) => times.format(new Date(instant)),
    dateTime: (instant) => dateTimes.format(new Date(instant)),
  };
}
