import { APT_FETCH_RULES } from './apt-fetch-rules.ts';
import { APT_INSTALL_RULES } from './apt-install-rules.ts';
import { APT_SOURCE_RULES } from './apt-source-rules.ts';
import { explainCurlExit } from './curl-exits.ts';
import type { Explanation, FailureTool, ToolOutput } from './failure.ts';
import { GIT_RULES } from './git-rules.ts';
import { HOST_RULES } from './host-rules.ts';
import { findDecidingRule, type Rule, toEvidence } from './rule.ts';
import { SSH_RULES } from './ssh-rules.ts';
import { toTellingText } from './telling-lines.ts';
import { TRANSFER_RULES } from './transfer-rules.ts';

const RULES: Readonly<Record<FailureTool, readonly Rule[]>> = {
  apt: [...APT_SOURCE_RULES, ...APT_FETCH_RULES, ...APT_INSTALL_RULES, ...HOST_RULES],
  git: [...GIT_RULES, ...HOST_RULES],
  http: [...TRANSFER_RULES, ...HOST_RULES],
  ssh: SSH_RULES,
};

/** Of `timeout` from coreutils, which people and cron jobs put in front. */
const TIMEOUT_ENDED_IT = 124;

/** ssh's own failures; any other code is the remote command's. */
const SSH_FAILED = 255;

const OK: Explanation = { class: 'ok', code: 'ok', cause: 'It went well.', hint: '', failedHosts: [], evidence: [] };

/**
 * Reads the output of a tool and says why it ended as it did. Judges by the cause that the output names, and says `unknown` rather than guess. Expects
 * English texts: the configurator runs every tool with `LC_ALL=C.UTF-8`.
 */
export function explain(output: ToolOutput): Explanation {
  const text = toTellingText(output);
  if (output.exitCode === 0 && (output.tool === 'ssh' || output.tool === 'http')) return OK;
  if (output.tool === 'ssh' && output.exitCode !== SSH_FAILED && output.exitCode !== null) return explainRemoteExit(output.exitCode, text);
  const emptyRemote = output.tool === 'git' ? explainEmptyRemote(output, text) : null;
  if (emptyRemote !== null) return emptyRemote;
  const found = findDecidingRule(text, output.exitCode === 0 ? toLastingRules(output.tool) : RULES[output.tool]);
  if (found === null) {
    if (output.exitCode === 0) return OK;
    if (output.exitCode === TIMEOUT_ENDED_IT) return explainTimeLimit(output.tool);
    return (output.tool === 'http' ? explainCurlExit(output.exitCode) : null) ?? explainNothingKnown(output, text);
  }
  const { match, rule } = found;
  const lockHolder = rule.class === 'wait-lock' ? findLockHolder(text) : null;
  return {
    class: rule.class,
    code: output.tool === 'http' && rule.class !== 'local' ? `http.${rule.code.replace(/^http\./, '')}` : rule.code,
    cause: typeof rule.cause === 'string' ? rule.cause : rule.cause(match),
    hint: rule.hint,
    failedHosts: findFailedHosts(text),
    evidence: toEvidence(text, match),
    ...(rule.isMirrorSync === true ? { isMirrorSync: true } : {}),
    ...(lockHolder === null ? {} : { lockHolder }),
  };
}

/** git says nothing with exit code 0 that would be a failure, except that it has cloned nothing. */
function toLastingRules(tool: FailureTool): readonly Rule[] {
  return tool === 'git' ? RULES.git.filter((rule) => rule.code === 'git.portal') : RULES[tool];
}

/**
 * A shallow clone of a branch that is missing warns before it gives up; without that warning the server has named no branch at all, as a
 * sign-in page does. Only the command line tells the two apart, so it must be among the output (or be ours).
 */
function explainEmptyRemote({ exitCode, stderr, stdout }: ToolOutput, text: string): Explanation | null {
  if (exitCode === 0) return null;
  const missing = /Remote branch (\S+) not found in upstream/.exec(text);
  if (missing === null || text.includes('Could not find remote branch')) return null;
  if (!/\bclone\b[^\n]*--(?:depth|single-branch)\b/.test(`${stdout}\n${stderr}`)) return null;
  return {
    class: 'transient',
    code: 'git.portal',
    cause: `The server named no branches at all, ${missing[1]} included: a sign-in page of the network answers in its place, or the repository is empty.`,
    hint: 'Sign in to the network (open any http:// page), then try again; check with "git ls-remote" that the repository has commits.',
    failedHosts: findFailedHosts(text),
    evidence: toEvidence(text, missing),
  };
}

function explainRemoteExit(exitCode: number, text: string): Explanation {
  return {
    class: 'unknown',
    code: 'ssh.remote-exit',
    cause: `The connection was fine; the command on the host ended with exit code ${exitCode}.`,
    hint: exitCode === 127 ? 'There is no such command on the host, or it is not in PATH.' : 'What the command itself printed tells why.',
    failedHosts: [],
    evidence: text
      .split('\n')
      .filter((line) => line.trim() !== '')
      .slice(-2),
  };
}

function explainTimeLimit(tool: FailureTool): Explanation {
  return {
    class: 'transient',
    code: 'timeout',
    cause: `A time limit ended ${tool} before it had an answer (exit code ${TIMEOUT_ENDED_IT}): the other side was silent or too slow.`,
    hint: 'The service or the way to it has trouble; it is worth trying again in a while.',
    failedHosts: [],
    evidence: [],
  };
}

function explainNothingKnown(output: ToolOutput, text: string): Explanation {
  const last = text
    .split('\n')
    .filter((line) => line.trim() !== '')
    .slice(-4);
  // Translated texts cannot be read; whoever asks can run the tool again in English.
  const isForeign = /[^\p{ASCII}]/u.test(last.join('\n'));
  const { exitCode, tool } = output;
  const ending = exitCode === null ? 'without an exit code' : `with exit code ${exitCode}`;
  const isKilled = exitCode === 137 || exitCode === 143;
  return {
    class: 'unknown',
    code: 'unknown',
    cause: isKilled
      ? `${tool} was killed (exit code ${exitCode}) before it could say anything.`
      : `${tool} ended ${ending} and said nothing that is known.`,
    hint: isForeign
      ? 'Run it again with LC_ALL=C.UTF-8 in front: only English texts can be read.'
      : 'Read its own words above; it is tried once more, and no service is blamed for it.',
    failedHosts: findFailedHosts(text),
    evidence: last.map((line) => line.slice(0, 300)),
  };
}

/** Hosts of URLs in lines that tell of a failure, each once, in their order. */
function findFailedHosts(text: string): readonly string[] {
  const hosts = new Set<string>();
  for (const line of text.split('\n')) {
    if (!/^(?:[EW]|Error|Warning|fatal|error|curl|ssh)\b/.test(line)) continue;
    for (const match of line.matchAll(/\b[a-z+]{2,16}:\/\/(?:[^\s/@'"]*@)?(\[[0-9A-Fa-f:.]+\]|[\w.-]+)/g)) {
      if (match[1] !== undefined) hosts.add(match[1].toLowerCase());
    }
  }
  return [...hosts].slice(0, 16);
}

function findLockHolder(text: string): { readonly pid: number; readonly name: string } | null {
  const match = /held by process (\d{1,10})(?: \(([^)\n]{1,64})\))?|another process with pid (\d{1,10})/.exec(text);
  if (match === null) return null;
  return { pid: Number(match[1] ?? match[3]), name: match[2] ?? '' };
}
