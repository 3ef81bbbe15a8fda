import type { Rule } from './rule.ts';

const AGAIN_HINT =
  'The service or the way to it has trouble. It is worth trying again in a while; "vps-configurator health" shows how it is.';

/** Texts of apt's methods about transfers: the same for lists and for packages. */
export const APT_FETCH_RULES: readonly Rule[] = [
  {
    // A package that the mirror no longer has: the lists are older than the mirror. Lists themselves are judged by their Release file.
    code: 'apt.stale-index',
    class: 'repair',
    pattern: /Failed to fetch (\S+\.u?deb)\s+(?:404|410)\b/,
    cause: (match) => `The mirror no longer has ${match[1]}: the package lists of this host are old.`,
    hint: 'Run "apt-get update", then install again.',
  },
  {
    code: 'apt.http.notfound',
    class: 'permanent',
    pattern: /Failed to fetch (?!\S+\.u?deb\s)(\S+)\s+(?:404|410)\b/,
    cause: (match) => `There is no ${match[1]}.`,
    hint: 'Check URL, suite and component in the sources below /etc/apt.',
  },
  {
    code: 'apt.http.throttle',
    class: 'throttled',
    pattern: /\b(429) {1,2}Too Many Requests|\b(503) {1,2}(?:Service|Backend|[A-Z])|HttpError(429|503)/,
    cause: (match) => `The repository asks to be left alone for a while (${match[1] ?? match[2] ?? match[3]}).`,
    hint: 'Wait some minutes. If it happens often, use another mirror or a cache of your own.',
  },
  {
    code: 'apt.portal',
    class: 'transient',
    pattern:
      /Clearsigned file isn't valid, got '[A-Z]+'|does the network require authentication|Splitting up \S+ into data and signature failed|511 {1,2}Network Authentication/,
    cause: 'Something else than the repository answers: a sign-in page of the network, or a proxy.',
    hint: 'Sign in to the network (open any http:// page), or correct the proxy, then try again.',
  },
  {
    code: 'apt.mirror.sync',
    class: 'transient',
    pattern: /Hash Sum mismatch|File has unexpected size \((\d+) != (\d+)\)|Mirror sync in progress|Hashes of received file/,
    cause: 'What the mirror sent is not what its index promises; it is usually in the middle of its own update.',
    hint: 'Wait half a minute, run "apt-get update", try again; if it stays so, use another mirror or look for a proxy that caches wrongly.',
    isMirrorSync: true,
  },
  {
    code: 'apt.dns.temp',
    class: 'transient',
    pattern: /Temporary failure resolving '([^']*)'/,
    cause: (match) => `No name server answers for ${match[1]}.`,
    hint: 'Check the network and /etc/resolv.conf, then try again.',
  },
  {
    code: 'apt.dns.nx',
    class: 'transient',
    pattern: /Could not resolve '([^']*)'|Something wicked happened resolving '([^']*)'|System error resolving '([^']*)'/,
    cause: (match) => `The name ${match[1] ?? match[2] ?? match[3]} cannot be resolved.`,
    hint: 'Check the spelling of the host name in the sources, and the name server.',
  },
  {
    code: 'apt.connect',
    class: 'transient',
    pattern:
      /Could not connect to (\S+) |Cannot initiate the connection to (\S+) |Unable to connect to (\S+?):? ?|Could not connect to (\S+),|Connection refused|No route to host|Network is unreachable|Failed to connect/,
    cause: (match) => `${match[1] ?? match[2] ?? match[3] ?? match[4] ?? 'The repository'} does not accept a connection.`,
    hint: AGAIN_HINT,
  },
  {
    code: 'apt.http.5xx',
    class: 'transient',
    pattern: /(?:^|\s)(408|425|5\d\d) {1,2}[A-Z][a-z]/,
    cause: (match) => `The repository has a fault of its own (${match[1]}).`,
    hint: AGAIN_HINT,
  },
  {
    code: 'apt.http.4xx',
    class: 'permanent',
    pattern: /Failed to fetch (\S+)\s+(4(?!04|08|10|25|29)\d\d)\s/,
    cause: (match) => `The repository refuses ${match[1]} (${match[2]}).`,
    hint: 'Check the URL in the sources below /etc/apt.',
  },
  {
    code: 'apt.read',
    class: 'transient',
    pattern:
      /Connection failed|Connection timed out|[Tt]imed out|Connection reset|Error reading from server|Remote end closed connection|Bad header (?:line|data)|Bad header data|invalid reply header|Undetermined Error|Could not wait for server fd|Connection closed|[Cc]onnection was aborted|unexpected eof|non-properly terminated|Error in the pull function|Data socket|Empty (?:response|reply)|Could not read|Broken pipe|Waited for headers|Could not handshake|SSL connection failed|Unexpected (?:end|EOF)|Invalid (?:response|chunk)/,
    cause: 'The transfer from the repository broke off.',
    hint: AGAIN_HINT,
  },
  {
    code: 'apt.read',
    class: 'transient',
    pattern: /Some index files failed to download|Failed to fetch (\S+)/,
    cause: (match) => (match[1] === undefined ? 'Some package lists could not be fetched.' : `${match[1]} could not be fetched.`),
    hint: AGAIN_HINT,
    isSummary: true,
  },
];
