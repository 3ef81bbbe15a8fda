export interface SecurityHeaderOptions {
  /** The second console door, or null when consoles share the page's port. */
  readonly consolePort: number | null;
}

export interface HeaderQuestion {
  readonly hostname: string;
  readonly isSecure: boolean;
}

type Headers = Readonly<Record<string, string>>;

/** Headers of every answer. The policy allows no inline script and nothing from elsewhere. */
export function createSecurityHeaders({ consolePort }: SecurityHeaderOptions): (question: HeaderQuestion) => Headers {
  if (consolePort === null) {
    const secure = buildHeaders({ isSecure: true, door: '' });
    const plain = buildHeaders({ isSecure: false, door: '' });
    return ({ isSecure }) => (isSecure ? secure : plain);
  }
  // `'self'` covers the page's own host and port only, so the second door must be named, by the name that the browser uses.
  return ({ hostname, isSecure }) => {
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
    ...(isSecure ? { 'cross-origin-opener-policy': 'same-origin', 'strict-transport-security': 'max-age=31536000' } : {}),
  };
}
