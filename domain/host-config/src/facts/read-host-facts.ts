import type { HostFacts } from '../plan/host-facts.ts';
import type { HostExecutor } from '../ports/host-executor.ts';
import { toExitCode } from '../resources/command/run-checked.ts';

const TIMEOUT_MS = 30_000;

/** Reads a host once, before planning; writes nothing and needs no network. What a host does not tell is empty, zero or null. */
export async function readHostFacts(host: HostExecutor, options: { readonly signal: AbortSignal }): Promise<HostFacts> {
  const read = async (path: string): Promise<string> => {
    const content = await host.files.read(path);
    return content === null ? '' : new TextDecoder().decode(content);
  };
  const ask = async (argv: readonly [string, ...string[]]): Promise<string> => {
    const result = await host.run({ argv, timeoutMs: TIMEOUT_MS, weight: 'glance' }, options);
    return toExitCode(result) === 0 ? result.stdout.trim() : '';
  };
  // The one in /etc is a link to this, and links are not followed.
  const release = parseOsRelease(await read('/usr/lib/os-release'));
  const machineId = (await read('/etc/machine-id')).trim();
  return {
    hostname: (await read('/etc/hostname')).trim() || (await ask(['uname', '-n'])),
    osId: release.get('ID') ?? '',
    osVersion: release.get('VERSION_ID') ?? '',
    osCodename: release.get('VERSION_CODENAME') ?? '',
    architecture: await ask(['dpkg', '--print-architecture']),
    isRoot: (await ask(['id', '-u'])) === '0',
    // sd_booted(3): systemd is there and runs.
    hasSystemd: (await host.files.stat('/run/systemd/system'))?.kind === 'directory',
    machineId: machineId === '' ? null : machineId,
    memoryMib: Math.floor(Number(/^MemTotal:\s+(\d+) kB$/m.exec(await read('/proc/meminfo'))?.[1] ?? 0) / 1_024),
    rootFreeMib: parseFreeMib(await ask(['df', '-Pm', '/'])),
    sshPort: parseSshPort({ connection: await ask(['printenv', 'SSH_CONNECTION']), settings: await ask(['sshd', '-T']) }),
  };
}

/** os-release(5): shell assignments. */
function parseOsRelease(text: string): ReadonlyMap<string, string> {
  return new Map(
    text.split('\n').flatMap((line) => {
      const [, name, quoted, plain] = /^([A-Z_]+)=(?:["'](.*)["']|(.*))$/.exec(line) ?? [];
      return name === undefined ? [] : [[name, quoted ?? plain ?? ''] as const];
    }),
  );
}

function parseFreeMib(table: string): number {
  const [, , , available] = table.split('\n').at(-1)?.trim().split(/\s+/) ?? [];
  const mib = Number(available);
  return Number.isFinite(mib) ? mib : 0;
}

/** The port this session came to; where sudo has dropped that, the port that sshd listens on. */
function parseSshPort({ connection, settings }: { readonly connection: string; readonly settings: string }): number | null {
  const [, , , own] = connection.split(' ');
  const port = Number(own ?? /^port (\d+)$/m.exec(settings)?.[1]);
  return Number.isInteger(port) && port > 0 && port < 65_536 ? port : null;
}
