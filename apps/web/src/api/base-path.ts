/** Path below which the portal is served, without a slash at the end: empty at the root, `/vm` below a proxy's folder. */
export function readBasePath(baseUri: string = document.baseURI): string {
  return new URL('.', baseUri).pathname.replace(/\/$/, '');
}

/** Address of a path of the portal, whatever page is open and whatever folder we live in. */
export function toPortalUrl(path: string): string {
  return `${readBasePath()}${path}`;
}

/** A path for a WebSocket on the same host: `wss:` whenever the page itself came by TLS. */
export function toSocketUrl(path: string): string {
  const url = new URL(path.startsWith(`${readBasePath()}/`) ? path : toPortalUrl(path), location.origin);
  url.protocol = location.protocol === 'https:' ? 'wss:' : 'ws:';
  return url.href;
}
