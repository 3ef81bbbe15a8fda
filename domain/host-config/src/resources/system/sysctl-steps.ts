import type { ApplyContext, Step, StepContext } from '../../plan/step.ts';
import { runChecked, toExitCode } from '../command/run-checked.ts';
import { createFileStep } from '../file/file-step.ts';

export interface SysctlOptions {
  /** Of the drop-in: `60-vps-configurator`. */
  readonly name: string;
  /** `net.ipv4.ip_forward` to its value, as the kernel prints it. */
  readonly values: Readonly<Record<string, string>>;
  /** The kernel is this host's own: values are set at once too. In a container or a chroot they wait for a boot. */
  readonly isLive: boolean;
}

const TIMEOUT_MS = 30_000;

/** Kernel parameters: for every boot, and now. */
export function createSysctlSteps({ isLive, name, values }: SysctlOptions): readonly Step[] {
  const lines = Object.entries(values).map(([key, value]) => `${key} = ${value}`);
  const file = createFileStep({ path: `/etc/sysctl.d/${name}.conf`, content: `${lines.join('\n')}\n` });
  return isLive ? [file, createLiveStep(values)] : [file];
}

function createLiveStep(values: SysctlOptions['values']): Step {
  return {
    id: 'sysctl:live',
    title: 'Set kernel parameters',
    lane: { kind: 'local' },
    async plan(context) {
      const differing = await findDiffering(values, context);
      if (differing.length === 0) return null;
      const texts = differing.map(({ before, key, wanted }) => `${key} ${before} → ${wanted}`);
      const argv = ['sysctl', '-w', ...differing.map(({ key, wanted }) => `${key}=${wanted}`)];
      return { summary: texts.join(', '), details: [{ kind: 'command', argv }], dangers: [] };
    },
    async apply(context) {
      for (const each of await findDiffering(values, context)) await set(each, context);
    },
  };
}

interface Differing {
  readonly key: string;
  readonly before: string;
  readonly wanted: string;
}

/** What this kernel does not have is left out: a drop-in may be meant for another one. */
async function findDiffering(values: SysctlOptions['values'], { host, signal }: StepContext): Promise<readonly Differing[]> {
  const differing: Differing[] = [];
  for (const [key, wanted] of Object.entries(values)) {
    const result = await host.run({ argv: ['sysctl', '-n', key], timeoutMs: TIMEOUT_MS, weight: 'glance' }, { signal });
    const before = result.stdout.trim().replaceAll(/\s+/g, ' ');
    if (toExitCode(result) === 0 && before !== wanted) differing.push({ key, before, wanted });
  }
  return differing;
}

async function set({ before, key, wanted }: Differing, context: ApplyContext): Promise<void> {
  const done = await context.record({ kind: 'command', argv: ['sysctl', '-w', `${key}=${before}`], title: `Set ${key} back to ${before}` });
  await runChecked({ argv: ['sysctl', '-w', `${key}=${wanted}`], timeoutMs: TIMEOUT_MS }, context, {
    code: 'HOST_SYSCTL_FAILED',
    message: `${key} could not be set to ${wanted}`,
  });
  await done();
}
