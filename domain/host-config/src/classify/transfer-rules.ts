import type { Rule } from './rule.ts';

const AGAIN_HINT = 'The service or the way to it has trouble; it is worth trying again in a while.';
const TRUST_HINT =
  'Check the name in the URL, the clock, and whether the authority that issued the certificate is installed. Do not switch the check off.';

/** Texts of libcurl, as curl prints them and as git repeats them. */
export const TRANSFER_RULES: readonly Rule[] = [
  {
    code: 'tls',
    class: 'security',
    pattern:
      /certificate verification failed|SSL certificate problem: ([^\n]*)|certificate problem|no alternative certificate subject name|certificate subject name '?[^'\n]*'? does not match|[Cc]ertificate has expired|self-?signed certificate|server certificate verification|gnutls_handshake\(\) failed: (?!Error in the pull|The TLS connection was non-properly)[^\n]*|pinnedpubkey|public key does not match/,
    cause: (match) => `The TLS certificate of the other side is not trusted${match[1] === undefined ? '' : `: ${match[1]}`}.`,
    hint: TRUST_HINT,
  },
  {
    code: 'http.authz',
    class: 'permanent',
    pattern: /(?:returned error: |HTTP code |HTTP )(401|403|407)\b/,
    cause: (match) => `The server refuses access (${match[1]}).`,
    hint: 'Check the credentials, and the proxy if there is one.',
  },
  {
    code: 'http.throttle',
    class: 'throttled',
    pattern: /(?:returned error: |HTTP code |HTTP )429\b/,
    cause: 'The server asks to be left alone for a while (429).',
    hint: 'Wait some minutes, then try again.',
  },
  {
    code: 'http.5xx',
    class: 'transient',
    pattern: /(?:returned error: |HTTP code |HTTP )(408|425|5\d\d)\b/,
    cause: (match) => `The server has a fault of its own (${match[1]}).`,
    hint: AGAIN_HINT,
  },
  {
    code: 'http.4xx',
    class: 'permanent',
    pattern: /(?:returned error: |HTTP code |HTTP )(4(?!01|03|07|08|16|25|29)\d\d)\b/,
    cause: (match) => `The server refuses the request (${match[1]}).`,
    hint: 'Check the URL.',
  },
  {
    code: 'norange',
    class: 'repair',
    pattern: /(?:returned error: |HTTP code |HTTP )416\b|doesn't seem to support byte ranges/,
    cause: 'The server cannot go on in the middle of this file.',
    hint: 'Remove the partial file and fetch it from the beginning.',
  },
  {
    code: 'redirect',
    class: 'permanent',
    pattern: /Maximum \(\d+\) redirects followed|redirect(?:ion)? (?:loop|count exceeded)/i,
    cause: 'The server redirects in a circle.',
    hint: 'Check the URL.',
  },
  {
    code: 'url',
    class: 'permanent',
    pattern:
      /URL (?:using bad\/illegal|rejected)|Unsupported protocol|Protocol "[^"]*" (?:not supported|disabled)|Port number (?:was not|ended)/,
    cause: 'The URL is not well formed.',
    hint: 'Correct the URL.',
  },
  {
    code: 'tls.plain',
    class: 'permanent',
    pattern: /wrong version number|packet length too long|alert protocol version|unsupported protocol|alert handshake failure/,
    cause: 'The other side does not speak the TLS that is asked of it; perhaps that port is plain HTTP.',
    hint: 'Check scheme and port of the URL.',
  },
  {
    code: 'dns',
    class: 'transient',
    pattern: /Could not resolve (?:host|proxy): ?([^\s;]*)|Resolving timed out/,
    cause: (match) => `The name ${match[1] ?? 'of the server'} cannot be resolved.`,
    hint: 'Check the network, the name server, and the spelling of the host name.',
  },
  {
    code: 'connect',
    class: 'transient',
    pattern:
      /Failed to connect to (\S+) port (\d+)|Couldn't connect to (?:server|host)|Connection refused|No route to host|Network is unreachable|Connection timed out|Connection timeout|Can't complete SOCKS|unable to connect to (\S+?):?(?:\n|$)/,
    cause: (match) =>
      `${match[1] === undefined ? (match[3] ?? 'The server') : `${match[1]} port ${match[2]}`} does not accept a connection.`,
    hint: AGAIN_HINT,
  },
  {
    code: 'read',
    class: 'transient',
    pattern:
      /(?:Recv|Send) failure|Empty reply from server|Operation too slow|Operation timed out|timed out after|transfer closed|bytes (?:of body are still expected|missing|remaining)|Connection reset|Connection (?:was )?(?:closed|aborted|died)|HTTP\/2 stream|HTTP2 framing|GnuTLS recv error|SSL_(?:read|ERROR_SYSCALL|connect)|unexpected eof|Error in the pull function|non-properly terminated|Proxy CONNECT aborted|Broken pipe|RPC failed|Failure when receiving data/,
    cause: 'The transfer broke off.',
    hint: AGAIN_HINT,
  },
];
