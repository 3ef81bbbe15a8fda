import type { Rule } from './rule.ts';

const SOURCES_HINT = 'Correct the file below /etc/apt that the message names, then run "apt-get update".';
const KEY_HINT =
  "Compare the repository's key with the one its owner publishes, and install that one. Do not switch the check off: an unsigned package runs as root.";

/** Texts of apt 2.6 to 3.x with `LC_ALL=C.UTF-8`, about the repositories and their signatures. */
export const APT_SOURCE_RULES: readonly Rule[] = [
  {
    code: 'apt.sig.nopubkey',
    class: 'security',
    pattern: /NO_PUBKEY ([0-9A-F]{8,40})|Missing key ([0-9A-F]{8,40}), which is needed to verify signature|public key is not available/,
    cause: (match) => `The repository is signed with a key that is not installed${name(match[1] ?? match[2])}.`,
    hint: KEY_HINT,
  },
  {
    // sqv of apt 3: a signature made later than this host's clock; the clock is the usual culprit on a fresh machine.
    code: 'apt.sig.future',
    class: 'repair',
    pattern: /[Nn]ot live until (\S+)/,
    cause: "The signature is dated in the future: this host's clock is wrong.",
    hint: 'Set the clock (the module time_sync does), then run it again.',
  },
  {
    code: 'apt.sig.bad',
    class: 'security',
    pattern:
      /EXPKEYSIG ([0-9A-F]{8,40})|BADSIG ([0-9A-F]{8,40})|REVKEYSIG|EXPSIG|ERRSIG|KEYEXPIRED|The following signatures were invalid|[Ss]ignature verification failed(?![^\n]*[Nn]ot live until)|Message has been manipulated|Signing key on ([0-9A-F]{8,40}) is not bound|At least one invalid signature|provides only weak security information|No Hash entry in Release file/,
    cause: (match) => `The signature of the repository is not good${name(match[1] ?? match[2] ?? match[3])}.`,
    hint: KEY_HINT,
  },
  {
    code: 'apt.unauthenticated',
    class: 'security',
    pattern: /There were unauthenticated packages|packages cannot be authenticated/,
    cause: 'The packages come from a repository that is not signed.',
    hint: KEY_HINT,
  },
  {
    code: 'apt.tls',
    class: 'security',
    pattern:
      /Certificate verification failed: ([^\n[]*)|certificate verify failed|[Cc]ertificate is NOT trusted|certificate (?:has )?expired/,
    cause: (match) =>
      `The TLS certificate of the repository is not trusted${match[1] === undefined ? '' : `: ${firstSentences(match[1])}`}.`,
    hint: 'Install the authority that issued it (package ca-certificates, or your own below /usr/local/share/ca-certificates), or check the clock and the name in the URL.',
  },
  {
    code: 'apt.unsigned',
    class: 'security',
    pattern: /The repository '([^']*)' is (?:not|no longer) signed/,
    cause: (match) => `The repository ${match[1]} is not signed.`,
    hint: KEY_HINT,
    isSummary: true,
  },
  {
    code: 'apt.tls.plain',
    class: 'permanent',
    pattern: /An unexpected TLS packet was received|wrong version number|handshake failure|no protocols available|alert protocol version/,
    cause: 'The other side does not speak the TLS that is asked of it; perhaps that port is plain HTTP.',
    hint: `Check scheme and port of the URL. ${SOURCES_HINT}`,
  },
  {
    code: 'apt.http.authz',
    class: 'permanent',
    pattern:
      /\b(401) {1,2}Unauthorized|\b(403) {1,2}Forbidden|\b(407) {1,2}Proxy Authentication|HTTP\/1\.[01] (407)|Proxy authentication required/,
    cause: (match) => `The repository refuses access (${match[1] ?? match[2] ?? match[3] ?? match[4] ?? '407'}).`,
    hint: 'Check credentials (/etc/apt/auth.conf.d), the proxy, and whether this host may use that repository.',
  },
  {
    code: 'apt.component',
    class: 'permanent',
    pattern: /doesn't have the component '([^']*)'|Unable to find expected entry '([^']*)'|doesn't support architecture '([^']*)'/,
    cause: (match) => `The repository does not have ${match[1] ?? match[2] ?? match[3]}.`,
    hint: `Check the spelling of component and architecture. ${SOURCES_HINT}`,
  },
  {
    code: 'apt.release.expired',
    class: 'permanent',
    pattern: /Release file for (\S+) is expired \(invalid since ([^)]*)\)/,
    cause: (match) => `The repository's index ${match[1]} has been out of date for ${match[2]}.`,
    hint: "Check this host's clock first; if it is right, the mirror no longer follows: take another one.",
  },
  {
    code: 'apt.release.changed',
    class: 'permanent',
    pattern: /[Rr]epository '([^']*)' changed its '([^']*)' value from '([^']*)' to '([^']*)'/,
    cause: (match) => `The repository ${match[1]} now calls its ${match[2]} "${match[4]}" instead of "${match[3]}".`,
    hint: 'If that is meant (a new release of Debian, for example), accept it once with "apt-get update --allow-releaseinfo-change".',
  },
  {
    code: 'apt.norelease',
    class: 'permanent',
    pattern: /The repository '([^']*)' (?:does not have|no longer has) a Release file|Redirection loop encountered/,
    cause: (match) => (match[1] === undefined ? 'The repository redirects in a circle.' : `There is no repository at ${match[1]}.`),
    hint: `Check URL and suite; releases that are out of support move to archive.debian.org. ${SOURCES_HINT}`,
    isSummary: true,
  },
  {
    code: 'apt.sources',
    class: 'permanent',
    pattern:
      /(Malformed (?:entry|line|stanza) [^\n]*)|(Type '[^']*' is not known[^\n]*)|(Conflicting values set for option [^\n]*)|(Unable to parse (?:sources|package source) [^\n]*)|(Unknown date format[^\n]*)|The list of sources could not be read/,
    cause: (match) => `The list of sources is not well formed${detail(match.slice(1).find((part) => part !== undefined))}.`,
    hint: SOURCES_HINT,
  },
  {
    code: 'apt.method',
    class: 'permanent',
    pattern: /The method driver (\S+) could not be found|The method '([^']*)' is unsupported/,
    cause: (match) => `apt has no method ${match[1] ?? match[2]}.`,
    hint: `Check the scheme of the URL. ${SOURCES_HINT}`,
  },
  {
    code: 'apt.release.future',
    class: 'repair',
    pattern: /Release file for (\S+) is not valid yet \(invalid for another ([^)]*)\)/,
    cause: (match) => `The repository's index ${match[1]} begins only in ${match[2]}: this host's clock is behind.`,
    hint: 'Set the clock (the module time_sync does), then run it again.',
  },
  {
    // Lists that cannot be read are fetched anew; the database of installed packages is another matter.
    code: 'apt.cache.corrupt',
    class: 'repair',
    pattern:
      /Unable to parse package file (\S*\/lists\/\S*)|Encountered a section with no Package: header|The package lists or status file could not be parsed|Problem with MergeList (\S*\/lists\/\S*)/,
    cause: 'The downloaded package lists are damaged.',
    hint: 'Remove the files in /var/lib/apt/lists and run "apt-get update".',
    isSummary: true,
  },
];

function name(key: string | undefined): string {
  return key === undefined ? '' : ` (${key})`;
}

function detail(text: string | undefined): string {
  return text === undefined ? '' : `: ${text.replace(/\.$/, '')}`;
}

function firstSentences(text: string): string {
  return text
    .replace(/\s*Could not handshake.*$/, '')
    .trim()
    .replace(/\.$/, '');
}
