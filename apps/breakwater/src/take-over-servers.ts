import { readFile } from 'node:fs/promises';
import type { ServerCreate } from '@breakwater/contract';
import type { Fleet } from '@breakwater/fleet';
import { type Logger, OpsError } from '@breakwater/kernel';
import { type Config, importServersJson } from '@breakwater/portal';

/** Adds what the documents' `servers.json` and the variables of a single host name and the registry does not know yet. */
export async function takeOverServers(fleet: Fleet, options: { readonly config: Config; readonly logger: Logger }): Promise<void> {
  const known = new Set(fleet.servers().map(toAddress));
  for (const server of [...(await readServersFile(options.config.serversFile)), ...readSingleHost(options.config)]) {
    if (known.has(toAddress(server))) continue;
    known.add(toAddress(server));
    await fleet.addServer(server);
    options.logger.info('A server was taken over', { name: server.name, host: server.host, port: server.port });
  }
}

const toAddress = (server: { readonly host: string; readonly port: number }): string => `${server.host.toLowerCase()}:${server.port}`;

async function readServersFile(path: string): Promise<readonly ServerCreate[]> {
  let text: string;
  try {
    text = await readFile(path, 'utf8');
  } catch (cause) {
    if (cause instanceof Error && 'code' in cause && cause.code === 'ENOENT') return [];
    throw new OpsError({ code: 'CLI_SERVERS_FILE_UNREADABLE', message: `${path} cannot be read; check its owner and mode.`, cause });
  }
  const result = importServersJson(text);
  if (result.ok) return result.servers;
  throw new OpsError({
    code: 'CLI_SERVERS_FILE_INVALID',
    message: `${path} cannot be taken over:\n${result.problems.map((problem) => `  - ${problem}`).join('\n')}`,
  });
}

function readSingleHost({ esxiHost, esxiPassword, esxiPort, esxiUser, esxiVerifySsl }: Config): readonly ServerCreate[] {
  if (esxiHost === null || esxiUser === null || esxiPassword === null) return [];
  const address = { name: esxiHost, host: esxiHost, port: esxiPort, user: esxiUser };
  return [{ ...address, password: esxiPassword.reveal(), verify_ssl: esxiVerifySsl, pinned_sha256: null, enabled: true }];
}
