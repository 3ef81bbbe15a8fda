import type { Explanation, FailureClass } from './failure.ts';

/** curl's documented exit codes, for runs whose texts were thrown away (`-s`). */
const EXITS: readonly (readonly [codes: readonly number[], FailureClass, code: string, cause: string])[] = [
  [[5, 6], 'transient', 'http.dns', 'A name cannot be resolved.'],
  [[7], 'transient', 'http.connect', 'The server does not accept a connection.'],
  [[18, 28, 35, 52, 55, 56, 92], 'transient', 'http.read', 'The transfer broke off.'],
  [[22], 'permanent', 'http.4xx', 'The server refuses the request.'],
  [[33], 'repair', 'http.norange', 'The server cannot go on in the middle of a file.'],
  [[47], 'permanent', 'http.redirect', 'The server redirects in a circle.'],
  [[51, 58, 60, 77, 83, 90, 91], 'security', 'http.tls', 'The TLS certificate of the other side is not trusted.'],
  [[1, 2, 3, 4], 'permanent', 'http.url', 'The URL or the command is not well formed.'],
  [[23], 'local', 'disk.write', 'The file cannot be written on this host.'],
  [[27], 'local', 'memory.full', 'This host has run out of memory.'],
];

const HINTS: Readonly<Partial<Record<FailureClass, string>>> = {
  transient: 'The service or the way to it has trouble; it is worth trying again in a while.',
  permanent: 'Check the URL.',
  repair: 'Remove the partial file and fetch it from the beginning.',
  security: 'Check the name in the URL, the clock, and the authorities that this host trusts. Do not switch the check off.',
  local: 'Check space and rights of the folder.',
};

export function explainCurlExit(exitCode: number | null): Explanation | null {
  const known = EXITS.find(([codes]) => exitCode !== null && codes.includes(exitCode));
  if (known === undefined) return null;
  const [, failureClass, code, cause] = known;
  return { class: failureClass, code, cause, hint: HINTS[failureClass] ?? '', failedHosts: [], evidence: [] };
}
