import { type Clock, isOpsError, OpsError, sleep } from '@breakwater/kernel';
import type { HostExecutor } from '../ports/host-executor.ts';
import { toExitCode } from '../resources/command/run-checked.ts';

const PAUSE_MS = 5_000;

/** While a machine starts it does not answer, or does not know its users yet. Later the same answers are final. */
const PASSES_WHILE_BOOTING: ReadonlySet<string> = new Set([
  'HOST_SSH_UNREACHABLE',
  'HOST_LINK_LOST',
  'HOST_SSH_AUTH',
  'HOST_SSH_SUDO_NEEDED',
]);

export interface BootWait {
  /** 0: the first answer counts. */
  readonly waitMs: number;
  readonly clock: Clock;
  readonly signal: AbortSignal;
  readonly tell: (line: string) => void;
}

/**
 * Opens a host that may still be starting: until SSH answers and lets us in, and then until cloud-init, where there is one, has done its part. Its exit
 * code 2 means that it has ended with recoverable errors (cloud-init status(1)).
 */
export async function openBootingHost(open: () => Promise<HostExecutor>, wait: BootWait): Promise<HostExecutor> {
  const { clock, signal, tell, waitMs } = wait;
  const untilMs = clock.now() + waitMs;
  for (;;) {
    try {
      const host = await open();
      if (waitMs > 0) await waitForCloudInit(host, { ...wait, untilMs }).catch((error: unknown) => closeAndThrow(host, error));
      return host;
    } catch (error) {
      const isPassing = isOpsError(error) && PASSES_WHILE_BOOTING.has(error.code);
      if (!isPassing || clock.now() + PAUSE_MS >= untilMs) throw error;
      tell(`Not yet: ${error.message}`);
      await sleep(clock, PAUSE_MS, { signal, keepAlive: true });
    }
  }
}

async function waitForCloudInit(host: HostExecutor, wait: BootWait & { readonly untilMs: number }): Promise<void> {
  const { clock, signal, tell, untilMs } = wait;
  const timeoutMs = Math.max(1_000, untilMs - clock.now());
  tell('Waiting for the first set-up of the system (cloud-init), if it has one');
  const result = await host.run({ argv: ['cloud-init', 'status', '--wait'], timeoutMs, weight: 'long' }, { signal });
  if (result.end.kind === 'not-started') return;
  const exitCode = toExitCode(result);
  if (exitCode === 0 || exitCode === 2) return;
  throw new OpsError({
    code: 'HOST_BOOT_FAILED',
    message: `The first set-up of the system (cloud-init) did not go well: ${result.stdout.trim().slice(-200)}`,
    details: { exitCode },
  });
}

async function closeAndThrow(host: HostExecutor, error: unknown): Promise<never> {
  await host.close();
  throw error;
}
