import type { Rule } from './rule.ts';
import { TRANSFER_RULES } from './transfer-rules.ts';

const AGAIN_HINT = 'The server or the way to it has trouble; it is worth trying again in a while.';

/** Texts of git 2.39 and newer with `LC_ALL=C.UTF-8`. Every failure is exit code 128. */
const OWN_RULES: readonly Rule[] = [
  {
    code: 'git.dest',
    class: 'permanent',
    pattern: /destination path '([^']*)' already exists and is not an empty directory/,
    cause: (match) => `${match[1]} is there already and not empty.`,
    hint: 'Move it away or choose another folder; a clone that was killed leaves such a folder behind.',
  },
  {
    code: 'git.dest',
    class: 'permanent',
    pattern: /detected dubious ownership in repository at '([^']*)'/,
    cause: (match) => `${match[1]} belongs to another user, and git does not trust it.`,
    hint: 'Give the folder to the right user (chown), or run git as its owner.',
  },
  {
    code: 'git.dest',
    class: 'permanent',
    pattern:
      /could not create (?:leading directories of|work tree dir) '([^']*)': ([^\n]*)|cannot mkdir (\S+)|could not set 'core|Unable to create '([^']*)': (?:Permission|No such)|unable to (?:create|write) (?:file|new)/,
    cause: (match) =>
      `${match[1] ?? match[3] ?? match[4] ?? 'The folder'} cannot be written${match[2] === undefined ? '' : `: ${match[2]}`}.`,
    hint: 'Check that the folder above exists and may be written.',
  },
  {
    code: 'git.lock',
    class: 'wait-lock',
    pattern: /Unable to create '([^']*\.lock)': File exists|Another git process seems to be running/,
    cause: (match) => `Another git is at work${match[1] === undefined ? '' : ` (${match[1]})`}.`,
    hint: 'Wait for it; if none is running, remove that lock file.',
  },
  {
    // Forges answer 503 to those who ask too often, and git shows no header that would tell.
    code: 'git.http.throttle',
    class: 'throttled',
    pattern: /returned error: 503\b/,
    cause: 'The server asks to be left alone for a while (503).',
    hint: 'Wait some minutes, then try again.',
  },
  {
    code: 'git.auth',
    class: 'permanent',
    pattern:
      /could not read (?:Username|Password) for '([^']*)'|Authentication failed for '([^']*)'|Permission denied \(publickey|Invalid username or (?:password|token)|Support for password authentication was removed/,
    cause: (match) => `${match[1] ?? match[2] ?? 'The server'} asks for credentials that are missing or wrong.`,
    hint: 'A public repository never asks: check the spelling of the URL first, then the credentials.',
  },
  {
    code: 'git.hostkey',
    class: 'security',
    pattern: /Host key verification failed|REMOTE HOST IDENTIFICATION HAS CHANGED/,
    cause: "The server's SSH host key is not the known one.",
    hint: 'Compare the fingerprint with the one the owner publishes before you accept it.',
  },
  {
    code: 'git.notfound',
    class: 'permanent',
    pattern:
      /repository '([^']*)' not found|Repository not found|does not appear to be a git repository|Remote branch (\S+) not found in upstream|couldn't find remote ref (\S+)|not our ref ([0-9a-f]+)|Server does not allow request for unadvertised object ([0-9a-f]+)|reference is not a tree: ([0-9a-f]+)|pathspec '([^']*)' did not match|dumb http transport does not support shallow|upload-pack: not our ref/,
    cause(match) {
      const wanted = match.slice(1).find((part) => part !== undefined);
      return wanted === undefined ? 'There is no such repository.' : `There is no ${wanted} there.`;
    },
    hint: 'Check the spelling of URL, branch and commit.',
  },
  {
    code: 'git.usage',
    class: 'permanent',
    pattern:
      /unable to find remote helper for '([^']*)'|unknown option|not a git command|transport '([^']*)' not allowed|protocol '([^']*)' is not supported/,
    cause: (match) => `git does not understand ${match.slice(1).find((part) => part !== undefined) ?? 'its arguments'}.`,
    hint: 'Correct the URL or the command.',
  },
  {
    code: 'git.portal',
    class: 'transient',
    pattern:
      /You appear to have cloned an empty repository|unable to update url base from redirection|not valid: is this a git repository\?|Needed a single revision/,
    cause: 'The server named no commits at all: a sign-in page of the network answers in its place, or the repository is empty.',
    hint: 'Sign in to the network (open any http:// page), then try again; check with "git ls-remote" that the repository has commits.',
  },
];

/** Transfer trouble under git's names; a name that fails to resolve and a refused connection are both "the way there". */
const TRANSFER_AS_GIT: readonly Rule[] = TRANSFER_RULES.map((rule) => ({ ...rule, code: toGitCode(rule.code) }));

function toGitCode(code: string): string {
  if (code === 'http.authz') return 'git.http.4xx';
  if (code === 'dns' || code === 'connect' || code === 'read') return 'git.protocol';
  return `git.${code}`;
}

/** What git itself says after a transfer has gone wrong; libcurl's word before it tells more. */
const PROTOCOL_RULE: Rule = {
  code: 'git.protocol',
  class: 'transient',
  pattern:
    /early EOF|invalid index-pack output|unexpected disconnect|bytes of body are still expected|the remote end hung up|protocol error|bad line length|inflate: data stream error|pack has bad object|pack is corrupted|packfile [^\n]* (?:is|cannot)|index-pack (?:failed|died)|bad pack header|expected (?:flush|old\/new)|invalid server response|Could not read from remote repository|unable to connect to|Connection (?:timed out|refused|reset|closed)|RPC failed/,
  cause: 'The transfer of the repository broke off or was garbled.',
  hint: AGAIN_HINT,
};

export const GIT_RULES: readonly Rule[] = [...OWN_RULES, ...TRANSFER_AS_GIT, PROTOCOL_RULE];
