export interface SessionCookieOptions {
  /** `''` or `/breakwater`. */
  readonly basePath: string;
  readonly publicUrl: string | null;
}

/** What of a request decides which cookie it carries. */
export interface CookieQuestion {
  readonly header: string | undefined;
  /** The host as the browser named it, with port. */
  readonly host: string | undefined;
  /** TLS on our own socket, or on that of a trusted proxy. */
  readonly isTls: boolean;
}

/** Cookies of all applications on one host arrive together; Node lets no header through that is longer than this. */
const MAX_HEADER_LENGTH = 16_384;
const PLAIN_NAME = 'breakwater';

/**
 * The cookie that holds a session. Over TLS its name has a prefix that browsers enforce (RFC 6265bis): a page on
 * plain HTTP or on a neighbouring name can then not plant a session of its own.
 */
export class SessionCookie {
  readonly #path: string;
  readonly #secureName: string;
  readonly #publicHost: string | null;

  constructor({ basePath, publicUrl }: SessionCookieOptions) {
    this.#path = basePath === '' ? '/' : basePath;
    // The stricter prefix demands the path `/`, which below a base path would hand the cookie to the host's other applications.
    this.#secureName = basePath === '' ? `__Host-${PLAIN_NAME}` : `__Secure-${PLAIN_NAME}`;
    this.#publicHost = publicUrl?.startsWith('https:') === true ? new URL(publicUrl).host : null;
  }

  /** The session's secret, or null. A plain cookie counts for nothing once the connection is secure. */
  read(question: CookieQuestion): string | null {
    const { header } = question;
    if (header === undefined || header.length > MAX_HEADER_LENGTH) return null;
    return findCookie(header, this.#secureName) ?? (this.#isSecure(question) ? null : findCookie(header, PLAIN_NAME));
  }

  /** The Set-Cookie header of a new session. */
  write(secret: string, options: { readonly question: CookieQuestion; readonly maxAgeS: number }): string {
    return this.#format(secret, options.question, options.maxAgeS);
  }

  /** The Set-Cookie header that makes a browser forget. */
  clear(question: CookieQuestion): string {
    return this.#format('', question, 0);
  }

  #format(value: string, question: CookieQuestion, maxAgeS: number): string {
    const isSecure = this.#isSecure(question);
    const name = isSecure ? this.#secureName : PLAIN_NAME;
    return `${name}=${value}; Max-Age=${maxAgeS}; Path=${this.#path}; HttpOnly; SameSite=Lax${isSecure ? '; Secure' : ''}`;
  }

  /** A proxy that ends TLS need not be a trusted one: the host of an https PUBLIC_URL tells as much. */
  #isSecure({ isTls, host }: CookieQuestion): boolean {
    return isTls || (this.#publicHost !== null && host?.toLowerCase() === this.#publicHost);
  }
}

function findCookie(header: string, name: string): string | null {
  for (const pair of header.split(';')) {
    const separator = pair.indexOf('=');
    if (separator === -1 || pair.slice(0, separator).trim() !== name) continue;
    const value = pair.slice(separator + 1).trim();
    return value === '' ? null : value;
  }
  return null;
}
