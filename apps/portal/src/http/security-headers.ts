export interface SecurityHeaderOptions {
  /** The second console door, or null when consoles share the page's port. */
  readonly consolePort: number | null;
}

export interface HeaderQuestion {
  /** `data` is never rendered as a page, so it goes without the page's policy. */
  readonly kind: 'data' | 'page';
  readonly hostname: string;
  readonly isSecure: boolean;
}

type Headers = Readonly<Record<string, string>>;

const HSTS = { 'strict-transport-security': 'max-age=31536000' };

const DATA_HEADERS: Headers = {
  'content-security-policy': "default-src 'none'; frame-ancestors 'none'",
  'x-content-type-options': 'nosniff',
  'cross-origin-resource-policy': 'same-origin',
};
const SECURE_DATA_HEADERS: Headers = { ...DATA_HEADERS, ...HSTS };

/** Headers of every answer. The policy allows no inline script and nothing from elsewhere. */
export function createSecurityHeaders({ consolePort }: SecurityHeaderOptions): (question: HeaderQuestion) => Headers {
  const secure = buildHeaders({ isSecure: true, door: '' });
  const plain = buildHeaders({ isSecure: false, door: '' });
  return ({ kind, hostname, isSecure }) => {
    if (kind === 'data') return isSecure ? SECURE_DATA_HEADERS : DATA_HEADERS;
    if (consolePort === null) return isSecure ? secure : plain;
    // `'self'` covers the page's own host and port only, so the second door must be named, by the name that the browser uses.
    const isName = /^[a-z0-9._-]+$|^\[[0-9a-f:.]+\]$/i.test(hostname);
    return buildHeaders({ isSecure, door: isName ? ` ${isSecure ? 'wss' : 'ws'}://${hostname}:${consolePort}` : '' });
  };
}

function buildHeaders({ isSecure, door }: { readonly isSecure: boolean; readonly door: string }): Headers {
  const policy = [
    "default-src 'none'",
    "script-src 'self'",
    "style-src 'self'",
    // noVNC draws the cursor of a machine as a data: picture.
    "img-src 'self' data: blob:",
    "font-src 'self'",
    `connect-src 'self'${door}`,
    "manifest-src 'self'",
    "worker-src 'self'",
    "base-uri 'self'",
    "form-action 'self'",
    "frame-ancestors 'none'",
  ].join('; ');
  return {
    'content-security-policy': policy,
    'x-content-type-options': 'nosniff',
    'x-frame-options': 'DENY',
    // `no-referrer` would make browsers send `Origin: null` with form posts.
    'referrer-policy': 'same-origin',
    'cross-origin-resource-policy': 'same-origin',
    'permissions-policy': 'camera=(), microphone=(), geolocation=(), payment=(), usb=()',
    // Browsers ignore these two over plain HTTP, and complain in the console about the first.
    ...(isSecure ? { 'cross-origin-opener-policy': 'same-origin', ...HSTS } : {}),
  };
}
