import { OpsError } from '@breakwater/kernel';

export interface OriginQuestion {
  readonly origin: string | undefined;
  /** `Sec-Fetch-Site`, which a page cannot forge. */
  readonly fetchSite: string | undefined;
  /** The host as the browser named it, with port. */
  readonly host: string;
  /** `name` for a second door of the same page, whose port differs from the page's. Default: `host`, with the port. */
  readonly compare?: 'host' | 'name';
}

/**
 * Refuses unsafe requests and upgrades that another site's page makes with our visitor's cookies. Browsers send Origin
 * with all of them; who sends neither header is no browser and holds no cookie by accident.
 */
export function createOriginGuard(options: { readonly publicUrl: string | null }): (question: OriginQuestion) => void {
  const publicOrigin = options.publicUrl === null ? null : new URL(options.publicUrl).origin;
  return ({ origin, fetchSite, host, compare = 'host' }) => {
    if (origin === undefined) {
      if (fetchSite === undefined || fetchSite === 'same-origin' || fetchSite === 'none') return;
    } else if (origin === publicOrigin || isSameHost(origin, { host, compare })) {
      return;
    }
    throw new OpsError({
      code: 'PORTAL_ORIGIN_REFUSED',
      message: 'This request comes from a page of another site. Behind a proxy, pass the Host header on or set PUBLIC_URL.',
    });
  };
}

/** Scheme left aside: a proxy that ends TLS changes it, and who can serve plain HTTP under our name sees everything anyway. */
function isSameHost(origin: string, { host, compare }: { readonly host: string; readonly compare: 'host' | 'name' }): boolean {
  const own = `${origin.split(':', 1)[0] ?? ''}://${host}`;
  if (!URL.canParse(origin) || !URL.canParse(own)) return false;
  const [left, right] = [new URL(origin), new URL(own)];
  if (left.hostname === '') return false;
  return compare === 'name' ? left.hostname === right.hostname : left.host === right.host;
}
