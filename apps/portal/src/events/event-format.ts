/** One event of a stream: https://html.spec.whatwg.org/multipage/server-sent-events.html. JSON holds no line breaks, so one `data:` line does. */
export function formatEvent(event: { readonly name: string; readonly data: string; readonly id?: string }): string {
  const id = event.id === undefined ? '' : `id: ${event.id}\n`;
  return `${id}event: ${event.name}\ndata: ${event.data}\n\n`;
}

/** What a returning connection saw last. */
export interface LastSeen {
  readonly boot: string;
  readonly seq: number;
}

/** Reads `<boot>-<seq>`; null for anything else. */
export function parseEventId(text: string | undefined): LastSeen | null {
  const match = /^([A-Za-z0-9]{1,40})-(\d{1,15})$/.exec(text ?? '');
  return match?.[1] === undefined ? null : { boot: match[1], seq: Number(match[2]) };
}
