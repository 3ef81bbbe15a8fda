import { OpsError } from '@breakwater/kernel';
import type { StepContext } from '../../plan/step.ts';
import type { CommandEnd, CommandResult, HostCommand } from '../../ports/host-executor.ts';

export interface CheckedFailure {
  readonly code: string;
  /** Without a full stop; what the command said is added. */
  readonly message: string;
  readonly hint?: string;
}

/** Runs a command that must end with exit code 0. */
export async function runChecked(
  command: HostCommand,
  context: Pick<StepContext, 'host' | 'signal'>,
  failure: CheckedFailure,
): Promise<CommandResult> {
  const result = await context.host.run(command, { signal: context.signal });
  if (result.end.kind === 'exited' && result.end.exitCode === 0) return result;
  const said = lastLines(result);
  throw new OpsError({
    code: result.end.kind === 'lost' ? 'HOST_LINK_LOST' : failure.code,
    message: `${failure.message} (${describeEnd(result.end)})${said === '' ? '.' : `: ${said}`}`,
    details: { program: command.argv[0], ...(failure.hint === undefined ? {} : { hint: failure.hint }) },
  });
}

/** Exit code, or null for any other end. */
export function toExitCode({ end }: CommandResult): number | null {
  return end.kind === 'exited' ? end.exitCode : null;
}

export function describeEnd(end: CommandEnd): string {
  switch (end.kind) {
    case 'exited':
      return `exit code ${end.exitCode}`;
    case 'signaled':
      return `ended by ${end.signal}`;
    case 'timed-out':
      return 'it took too long';
    case 'not-started':
      return end.reason;
    case 'lost':
      return `the link to the host was lost (${end.reason}); whether it was done is unknown`;
  }
}

function lastLines({ stderr, stdout }: CommandResult): string {
  const lines = `${stdout}\n${stderr}`.split('\n').filter((line) => line.trim() !== '');
  return lines.slice(-3).join(' / ').slice(0, 500);
}
