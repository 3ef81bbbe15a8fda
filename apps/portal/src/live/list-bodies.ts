import { createHash } from 'node:crypto';
import type { MachineList } from '@breakwater/contract';
import type { Fleet } from '@breakwater/fleet';
import { type Clock, toServerId } from '@breakwater/kernel';
import { PreparedBody } from '../http/prepared-body.ts';
import type { LiveFleet } from './live-fleet.ts';
import { joinFragments } from './machine-fragments.ts';

/** `cache_age` is told in whole seconds, so a body is made anew at most this often for its age alone. */
const AGE_STEP_MS = 1_000;

type ListFacts = Omit<MachineList, 'vms'>;

interface Prepared {
  readonly version: number;
  readonly fleetVersion: number;
  readonly preparedAtMs: number;
  readonly facts: ListFacts;
  readonly body: PreparedBody;
}

/** What a route sends: the body, and the age for a header, because a 304 has no body to tell it. */
export interface PreparedList {
  readonly body: PreparedBody;
  readonly cacheAgeS: number | null;
}

export interface ListBodiesOptions {
  readonly fleet: Pick<Fleet, 'servers' | 'machineList'>;
  readonly live: LiveFleet;
  readonly clock: Clock;
  /** Tells this process's versions from those of the one before. */
  readonly boot: string;
}

/** Machine lists as ready bytes, one per server and one for all; made anew only when something in them changed. */
export class ListBodies {
  readonly #options: ListBodiesOptions;
  readonly #prepared = new Map<string, Prepared>();

  constructor(options: ListBodiesOptions) {
    this.#options = options;
  }

  forget(serverId: string): void {
    this.#prepared.delete(serverId);
  }

  /** The list of one server; `FLEET_SERVER_UNKNOWN` for a wrong id. */
  ofServer(serverId: string): PreparedList {
    const { fleet, live } = this.#options;
    return this.#current(serverId, {
      version: live.fragments.versionOf(serverId),
      facts: () => fleet.machineList(toServerId(serverId)),
      fragments: () => live.fragments.collect(serverId),
    });
  }

  ofAll(): PreparedList {
    const { fleet, live } = this.#options;
    return this.#current('', {
      version: live.fragments.version,
      facts: () => summarise(fleet),
      fragments: () => live.fragments.collect(undefined),
    });
  }

  #current(
    key: string,
    source: { readonly version: number; readonly facts: () => ListFacts; readonly fragments: () => Buffer[] },
  ): PreparedList {
    const { clock, live, boot } = this.#options;
    const known = this.#prepared.get(key);
    const nowMs = clock.now();
    // Any event may have changed the facts around the machines, but then they are only read again, not sent anew.
    if (known?.fleetVersion === live.version && nowMs - known.preparedAtMs < AGE_STEP_MS) return toList(known);
    const read = source.facts();
    const facts: ListFacts = {
      cached: read.cached,
      cache_age: read.cache_age === null ? null : Math.floor(read.cache_age),
      stale: read.stale,
      error: read.error,
    };
    const isSame = known !== undefined && known.version === source.version && sameFacts(known.facts, facts);
    const body = isSame ? known.body : prepare(facts, source.fragments(), { boot, version: source.version, key });
    const prepared: Prepared = { version: source.version, fleetVersion: live.version, preparedAtMs: nowMs, facts, body };
    this.#prepared.set(key, prepared);
    return toList(prepared);
  }
}

const toList = ({ body, facts }: Prepared): PreparedList => ({ body, cacheAgeS: facts.cache_age });

const sameFacts = (left: ListFacts, right: ListFacts): boolean =>
  left.cached === right.cached && left.cache_age === right.cache_age && left.stale === right.stale && left.error === right.error;

function prepare(
  facts: ListFacts,
  fragments: readonly Buffer[],
  options: { readonly boot: string; readonly version: number; readonly key: string },
): PreparedBody {
  const bytes = joinFragments('{"vms":[', fragments, `],${JSON.stringify(facts).slice(1)}`);
  // Weak and without the age: two bodies that differ in nothing else say the same, and a poller must not fetch them all.
  const rest = createHash('sha256')
    .update(JSON.stringify([options.key, facts.cached, facts.stale, facts.error]))
    .digest('base64url');
  const etag = `W/"${options.boot}.${options.version}.${rest.slice(0, 8)}"`;
  return new PreparedBody(bytes, { etag, mediaType: 'application/json; charset=utf-8' });
}

/** The facts of a list over all servers: as old as the oldest of them, stale when one is. */
function summarise(fleet: ListBodiesOptions['fleet']): ListFacts {
  const lists = fleet
    .servers()
    .filter((server) => server.enabled)
    .map((server) => ({ server, list: fleet.machineList(toServerId(server.id)) }));
  const ages = lists.flatMap(({ list }) => (list.cache_age === null ? [] : [list.cache_age]));
  const errors = lists.flatMap(({ server, list }) => (list.error === null ? [] : [`${server.name}: ${list.error}`]));
  return {
    cached: lists.every(({ list }) => list.cached),
    cache_age: ages.length === 0 ? null : Math.max(...ages),
    stale: lists.some(({ list }) => list.stale),
    error: errors.length === 0 ? null : errors.join('; '),
  };
}
