import { explain } from '../classify/explain.ts';
import type { Explanation, FailureTool } from '../classify/failure.ts';
import type { CommandResult } from '../ports/host-executor.ts';

/** What `timeout` of coreutils says, and `explain` knows. */
const TIME_LIMIT = 124;

/** Why a command of the host ended as it did. `said` goes in front of what it printed. */
export function explainRun(tool: FailureTool, result: CommandResult, said = ''): Explanation {
  const { end, stderr, stdout } = result;
  const output = { tool, stdout, stderr: said === '' ? stderr : `${said}\n${stderr}` };
  switch (end.kind) {
    case 'exited':
      return explain({ ...output, exitCode: end.exitCode });
    case 'signaled':
      return explain({ ...output, exitCode: null });
    case 'timed-out':
      return explain({ ...output, exitCode: TIME_LIMIT });
    case 'not-started':
      return toLocal(
        'host.not-started',
        `The program cannot be started on the host: ${end.reason}.`,
        'Install it, or run on another host.',
      );
    case 'lost':
      // Never repeated: it may have been done, or be under way still.
      return toLocal(
        'host.link-lost',
        `The link to the host was lost (${end.reason}); whether the command ran to its end is unknown.`,
        'Run the configurator again once the host answers; it looks first what is done already.',
      );
  }
}

const toLocal = (code: string, cause: string, hint: string): Explanation => ({
  class: 'local',
  code,
  cause,
  hint,
  failedHosts: [],
  evidence: [],
});
