/** A server that sets more is broken or hostile. */
const MAX_COOKIES = 50;
const MAX_COOKIE_LENGTH = 4_096;

/**
 * The cookies of one server. Values are echoed letter by letter: vSphere sends `vmware_soap_session="…"` and wants the
 * quotes back. Path, domain and lifetime are not kept, because a jar belongs to one client of one origin and to one session.
 */
export interface CookieJar {
  /** Takes the `set-cookie` header of an answer, one value or several. */
  store(setCookie: string | readonly string[] | undefined): void;
  /** Value for the `cookie` header, or undefined while there is none. */
  header(): string | undefined;
  /** The value as the server wrote it, quotes included. */
  get(name: string): string | undefined;
  clear(): void;
}

export function createCookieJar(): CookieJar {
  const cookies = new Map<string, string>();
  return {
    store(setCookie) {
      const lines = setCookie === undefined ? [] : typeof setCookie === 'string' ? [setCookie] : setCookie;
      for (const line of lines) {
        const cookie = parseSetCookie(line);
        if (cookie === undefined) continue;
        cookies.delete(cookie.name);
        if (!cookie.isRemoval && cookies.size < MAX_COOKIES) cookies.set(cookie.name, cookie.value);
      }
    },
    header: () => (cookies.size === 0 ? undefined : Array.from(cookies, ([name, value]) => `${name}=${value}`).join('; ')),
    get: (name) => cookies.get(name),
    clear: () => cookies.clear(),
  };
}

function parseSetCookie(line: string): { readonly name: string; readonly value: string; readonly isRemoval: boolean } | undefined {
  const [pair = '', ...attributes] = line.split(';');
  const equals = pair.indexOf('=');
  if (equals < 1 || pair.length > MAX_COOKIE_LENGTH) return undefined;
  const name = pair.slice(0, equals).trim();
  const value = pair.slice(equals + 1).trim();
  // A separator or control character would turn one cookie into something else on the way back.
  if (!/^[!#$%&'*+\-.^_`|~0-9A-Za-z]+$/.test(name) || !/^[\x21-\x3a\x3c-\x7e]*$/.test(value)) return undefined;
  const isRemoval = value === '' || attributes.some((attribute) => /^\s*max-age\s*=\s*(0|-\d+)\s*$/i.test(attribute));
  return { name, value, isRemoval };
}
