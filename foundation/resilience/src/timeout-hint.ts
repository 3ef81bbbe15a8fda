/** Text beyond this is not looked at: error bodies of foreign servers may be long. */
const MAX_TEXT = 1_000;
const MAX_HINT_MS = 3_600_000;

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
  const hintMs = Number(match[1]) * toUnitMs(match[2]?.toLowerCase());
  return hintMs >= 1 && hintMs <= MAX_HINT_MS ? hintMs : undefined;
}

function toUnitMs(unit: string | undefined): number {
  if (unit === 'ms' || unit === 'milli') return 1;
  return unit === 'm' ? 60_000 : 1_000;
}
