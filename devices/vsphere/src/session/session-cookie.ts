import type { TransportResponse } from '@breakwater/transport';
import { SESSION_COOKIE } from '../schema/index.ts';

/** The session cookie, given back exactly as it came: real hosts quote the value and compare it with the quotes. */
export class SessionCookie {
  #pair: string | undefined;

  get header(): string | undefined {
    return this.#pair;
  }

  /** Signing in with a cookie that is still good is refused as a wrong password. */
  clear(): void {
    this.#pair = undefined;
  }

  take(headers: TransportResponse['headers']): void {
    const header = headers['set-cookie'];
    for (const cookie of typeof header === 'string' ? [header] : (header ?? [])) {
      const end = cookie.indexOf(';');
      const pair = (end < 0 ? cookie : cookie.slice(0, end)).trim();
      if (!pair.startsWith(`${SESSION_COOKIE}=`)) continue;
      const value = pair.slice(SESSION_COOKIE.length + 1);
      this.#pair = value === '' || value === '""' ? undefined : pair;
    }
  }
}
