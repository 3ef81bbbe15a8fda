import type { HostDoor, HostExecutor, HostTarget } from '@breakwater/host-config';
import { createSshExecutor } from './create-ssh-executor.ts';
import { startKeyAgent } from './key-agent.ts';
import { lookUpHostKey } from './look-up-host-key.ts';
import { readPrivateKey } from './read-private-key.ts';

const ALIAS = 'breakwater-machine';
const LOOK_TIMEOUT_MS = 30_000;

/** Hosts as the portal reaches them: with keys out of its own store, and one confirmed host key for each. */
export function createSshDoor(): HostDoor {
  return { lookUpKey: lookUpHostKey, readPrivateKey, open: openHost, countLeftOvers };
}

async function openHost(target: HostTarget, { signal }: { readonly signal: AbortSignal }): Promise<HostExecutor> {
  const { host, hostId, hostKey, port, privateKey, user } = target;
  const agent = await startKeyAgent(privateKey, { signal });
  try {
    await agent.folder.write('known_hosts', `${ALIAS} ${hostKey.type} ${hostKey.key}\n`);
    const executor = await createSshExecutor({
      host,
      port,
      user,
      hostId,
      knownHostsPath: agent.folder.at('known_hosts'),
      hostKeyAlias: ALIAS,
      keyPath: agent.publicKeyPath,
      agentSocket: agent.socket,
    });
    const close = async (): Promise<void> => {
      try {
        await executor.close();
      } finally {
        await agent.stop();
      }
    };
    if (signal.aborted) {
      await executor.close();
      throw signal.reason;
    }
    return { ...executor, close };
  } catch (error) {
    await agent.stop();
    throw error;
  }
}

/**
 * Jobs of links that are no more: each has a folder of its link, a lock since it began, and a result when it has ended. The process that looks is one
 * itself, and is left out.
 */
const LOOK = `
cd /run/breakwater-host 2>/dev/null || { echo 0; exit 0; }
n=0
for lock in */j*.lock; do
  job=\${lock%.lock}
  [ -e "$lock" ] && [ ! -s "$job.rc" ] && [ -s "$job.pid" ] || continue
  read -r pid <"$job.pid"
  [ "$pid" != "$PPID" ] && kill -0 "$pid" 2>/dev/null && n=$((n + 1))
done
echo "$n"
`;

async function countLeftOvers(host: HostExecutor, { signal }: { readonly signal: AbortSignal }): Promise<number> {
  const { stdout } = await host.run({ argv: ['sh', '-c', LOOK], timeoutMs: LOOK_TIMEOUT_MS }, { signal });
  const count = Number(stdout.trim());
  return Number.isInteger(count) ? count : 0;
}
