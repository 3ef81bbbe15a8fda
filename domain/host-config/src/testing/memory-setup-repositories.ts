import type { Secret } from '@breakwater/kernel';
import type { HostDoorway } from '../ports/host-door.ts';
import type {
  HostKeyRepository,
  HostLoginRecord,
  HostLoginRepository,
  SetupRecord,
  SetupRepository,
  TrustedHostKey,
} from '../ports/setup-repositories.ts';
import { withoutBody } from '../setups/setup-view.ts';

export interface MemorySetupRepositories {
  readonly logins: HostLoginRepository;
  readonly keys: HostKeyRepository;
  readonly setups: SetupRepository;
}

export function createMemorySetupRepositories(): MemorySetupRepositories {
  const logins = new Map<string, HostLoginRecord>();
  const secrets = new Map<string, Secret>();
  const keys = new Map<string, TrustedHostKey>();
  const setups = new Map<string, SetupRecord>();
  const nameOf = ({ moid, port, serverId }: HostDoorway): string => JSON.stringify([serverId, moid, port]);
  return {
    logins: {
      list: async () => [...logins.values()],
      find: async (id) => logins.get(id) ?? null,
      async save(login, { privateKey }) {
        logins.set(login.id, login);
        if (privateKey !== undefined) secrets.set(login.id, privateKey);
      },
      async remove(id) {
        logins.delete(id);
        secrets.delete(id);
      },
      readKey: async (id) => secrets.get(id) ?? null,
    },
    keys: {
      find: async (doorway) => keys.get(nameOf(doorway)) ?? null,
      save: async (doorway, key) => void keys.set(nameOf(doorway), key),
    },
    setups: {
      save: async (setup) => void setups.set(setup.id, structuredClone(setup)),
      find: async (id) => setups.get(id) ?? null,
      list: async ({ limit, moid, serverId }) =>
        [...setups.values()]
          .filter((setup) => (serverId === undefined || setup.server_id === serverId) && (moid === undefined || setup.moid === moid))
          .toReversed()
          .slice(0, limit)
          .map(withoutBody),
      listUnfinished: async () => [...setups.values()].filter(({ state }) => ['planning', 'applying', 'rolling_back'].includes(state)),
      async prune({ moid, serverId }, { keep }) {
        const own = [...setups.values()].filter((setup) => setup.server_id === serverId && setup.moid === moid);
        for (const { id } of own.toReversed().slice(keep)) setups.delete(id);
      },
    },
  };
}
