import { OpsError } from '@breakwater/kernel';

export interface OriginQuestion {
  readonly origin: string | undefined;
  /** `Sec-Fetch-Site`, which a page cannot forge. */
  readonly fetchSite: string | undefined;
  /** The host as the browser named it, with port. */
  readonly host: string;
}

/**
 * Refuses unsafe requests and upgrades that another site's page makes with our visitor's cookies. Browsers send Origin
 * with all of them; who sends neither header is no browser and holds no cookie by accident.
 */
export function createOriginGuard(options: { readonly publicUrl: string | null }): (question: OriginQuestion) => void {
  const publicOrigin = options.publicUrl === null ? null : new URL(options.publicUrl).origin;
  return ({ origin, fetchSite, host }) => {
    if (origin === undefined) {
      if (fetchSite === undefined || fetchSite === 'same-origin' || fetchSite === 'none') return;
    } else if (origin === publicOrigin || hostOf(origin) === host.toLowerCase()) {
      return;
    }
    throw new OpsError({
      code: 'PORTAL_ORIGIN_REFUSED',
      message: 'This request comes from a page of another site. Behind a proxy, pass the Host header on or set PUBLIC_URL.',
    });
  };
}

/** Scheme left aside: a proxy that ends TLS changes it, and who can serve plain HTTP under our name sees everything anyway. */
function hostOf(origin: string): string | null {
  const url = URL.canParse(origin) ? new URL(origin) : null;
  return url === null || url.host === '' ? null : url.host;
}
