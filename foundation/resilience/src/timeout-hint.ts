/** Text beyond this is not looked at: error bodies of foreign servers may be long. */
const MAX_TEXT = 1_000;
const MAX_HINT_MS = 3_600_000;

const UNIT_MS: Readonly<Record<string, number>> = { ms: 1, s: 1_000, m: 60_000 };

/**
 * The timeout that an error text names, in milliseconds: `connect timeout=30`, `timed out after 30000 ms`, `timeout of 2.5 seconds`,
 * `Timeout: 1 minute`. Without a unit it is seconds. Undefined when the text names none, or none between 1 ms and 1 h.
 */
export function parseTimeoutHintMs(text: string): number | undefined {
  const match =
    /\btime(?:d\s*-?\s*)?-?\s?out\b(?:\s+(?:of|after|is|was|set to|exceeded))?\s*[=:(]?\s*(\d{1,9}(?:\.\d{1,6})?)\s*(ms|milli|s|m(?=in|\b))?/i.exec(
      text.slice(0, MAX_TEXT),
    );
  if (match === null) return undefined;
  const unit = match[2]?.toLowerCase() ?? 's';
  const hintMs = Number(match[1]) * (UNIT_MS[unit === 'milli' ? 'ms' : unit] ?? 1_000);
  return hintMs >= 1 && hintMs <= MAX_HINT_MS ? hintMs : undefined;
}
