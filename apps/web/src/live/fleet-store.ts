import type { EventName, EventPayload, Machine, Operation, PortalHealth, Server, ServerResilience, Snapshot } from '@breakwater/contract';

export const toKey = (id: { readonly server_id: string; readonly moid: string }): string => `${id.server_id}/${id.moid}`;

/** What a listener may be interested in. `outline`: anything that decides which machines are listed and in which order by name or state. */
export type Topic =
  | 'servers'
  | 'operations'
  | 'dead-letters'
  | 'outline'
  | 'figures'
  | 'resilience'
  | `machine:${string}`
  | `server:${string}`;

/** Operations of the page; older ones are asked for by the operations page. */
const OPERATIONS_KEPT = 200;

/** How servers are protected, as far as it has been told. */
export interface ResilienceFigures {
  readonly at: string;
  readonly servers: readonly ServerResilience[];
  readonly portal: PortalHealth;
}

export interface FleetStore {
  readonly machine: (key: string) => Machine | undefined;
  readonly server: (id: string) => Server | undefined;
  /** The same array until something in it changes. */
  readonly machines: () => readonly Machine[];
  readonly servers: () => readonly Server[];
  /** Newest first. */
  readonly operations: () => readonly Operation[];
  /** Grows whenever failed operations may be others than before. */
  readonly deadLetterChanges: () => number;
  readonly subscribe: (topic: Topic, listener: () => void) => () => void;
  readonly replace: (snapshot: Snapshot) => void;
  readonly apply: <Name extends EventName>(name: Name, payload: EventPayload<Name>) => void;
  readonly putOperation: (operation: Operation) => void;
  /** Null until it is first told. */
  readonly resilience: () => ResilienceFigures | null;
  /** One whole picture; an older one than what is known changes nothing. */
  readonly replaceResilience: (figures: ResilienceFigures) => void;
  /** The row as an act has left it. */
  readonly putResilience: (row: ServerResilience) => void;
  readonly clear: () => void;
}

/** All that is known of the fleet, in memory. One change tells only those who look at that machine or server. */
export function createFleetStore(): FleetStore {
  const machines = new Map<string, Machine>();
  const servers = new Map<string, Server>();
  const operations = new Map<string, Operation>();
  const listeners = new Map<Topic, Set<() => void>>();
  let resilience: ResilienceFigures | null = null;
  let machineList: readonly Machine[] | null = null;
  let serverList: readonly Server[] | null = null;
  let operationList: readonly Operation[] | null = null;
  let deadLetterChanges = 0;

  const publish = (topics: ReadonlySet<Topic>): void => {
    if (topics.has('outline') || topics.has('figures')) machineList = null;
    if (topics.has('servers')) serverList = null;
    if (topics.has('operations')) operationList = null;
    for (const topic of topics) for (const listener of listeners.get(topic) ?? []) listener();
  };

  const putMachine = (machine: Machine, topics: Set<Topic>): void => {
    const key = toKey(machine);
    const old = machines.get(key);
    machines.set(key, machine);
    topics.add(`machine:${key}`);
    topics.add(old !== undefined && hasSameOutline(old, machine) ? 'figures' : 'outline');
  };

  const dropMachine = (key: string, topics: Set<Topic>): void => {
    if (machines.delete(key)) topics.add(`machine:${key}`).add('outline');
  };

  const putServer = (server: Server, topics: Set<Topic>): void => {
    servers.set(server.id, server);
    topics.add(`server:${server.id}`).add('servers');
  };

  const dropServer = (id: string, topics: Set<Topic>): void => {
    if (!servers.delete(id)) return;
    topics.add(`server:${id}`).add('servers').add('resilience');
    if (resilience !== null) resilience = { ...resilience, servers: resilience.servers.filter((row) => row.id !== id) };
    for (const machine of machines.values()) if (machine.server_id === id) dropMachine(toKey(machine), topics);
  };

  /** Rows that are told take the place of those with the same id. */
  const mergeResilience = (news: ResilienceFigures, topics: Set<Topic>): void => {
    const told = new Map(news.servers.map((row) => [row.id, row]));
    const kept = (resilience?.servers ?? []).filter(({ id }) => !told.has(id));
    resilience = { ...news, servers: [...kept, ...news.servers] };
    topics.add('resilience');
  };

  const putOperation = (operation: Operation, topics: Set<Topic>): void => {
    const old = operations.get(operation.id);
    // A late frame must not undo what the answer to a request has already told.
    if (old !== undefined && Date.parse(old.updated_at) > Date.parse(operation.updated_at)) return;
    operations.set(operation.id, operation);
    topics.add('operations');
    if (operations.size > OPERATIONS_KEPT) {
      const oldest = [...operations.values()].sort(byAge).slice(OPERATIONS_KEPT);
      for (const { id } of oldest) operations.delete(id);
    }
  };

  return {
    machine: (key) => machines.get(key),
    server: (id) => servers.get(id),
    machines: () => (machineList ??= [...machines.values()]),
    servers: () => (serverList ??= [...servers.values()]),
    deadLetterChanges: () => deadLetterChanges,
    operations: () => (operationList ??= [...operations.values()].sort(byAge)),
    subscribe(topic, listener) {
      const set = listeners.get(topic) ?? new Set();
      listeners.set(topic, set.add(listener));
      return () => {
        set.delete(listener);
        if (set.size === 0 && listeners.get(topic) === set) listeners.delete(topic);
      };
    },
    replace(snapshot) {
      deadLetterChanges += 1;
      const topics = new Set<Topic>(['outline', 'servers', 'operations', 'dead-letters']);
      const present = new Set(snapshot.machines.map(toKey));
      for (const key of machines.keys()) if (!present.has(key)) dropMachine(key, topics);
      const known = new Set(snapshot.servers.map((server) => server.id));
      for (const id of servers.keys()) if (!known.has(id)) dropServer(id, topics);
      for (const server of snapshot.servers) putServer(server, topics);
      for (const machine of snapshot.machines) putMachine(machine, topics);
      for (const operation of snapshot.operations) putOperation(operation, topics);
      publish(topics);
    },
    apply(name, payload) {
      const topics = new Set<Topic>();
      const change = { name, payload } as { [Event in EventName]: { name: Event; payload: EventPayload<Event> } }[EventName];
      switch (change.name) {
        case 'machine.changed':
          for (const machine of change.payload) putMachine(machine, topics);
          break;
        case 'machine.removed':
          for (const id of change.payload) dropMachine(toKey(id), topics);
          break;
        case 'screen.changed':
          for (const { hash, at, ...id } of change.payload) {
            const machine = machines.get(toKey(id));
            if (machine !== undefined) putMachine({ ...machine, screen_hash: hash, screen_at: at }, topics);
          }
          break;
        case 'server.changed':
          for (const server of change.payload) putServer(server, topics);
          break;
        case 'server.removed':
          for (const { id } of change.payload) dropServer(id, topics);
          break;
        case 'operation.progressed':
          for (const operation of change.payload) putOperation(operation, topics);
          break;
        case 'dead-letter.changed':
        case 'dead-letter.removed':
          // They are not kept here: who shows them asks the portal, which has few.
          deadLetterChanges += 1;
          topics.add('dead-letters');
          break;
        case 'resilience.changed':
          mergeResilience(change.payload, topics);
          break;
        case 'hello':
        case 'reader.changed':
        case 'resync':
          break;
      }
      publish(topics);
    },
    putOperation(operation) {
      const topics = new Set<Topic>();
      putOperation(operation, topics);
      publish(topics);
    },
    resilience: () => resilience,
    replaceResilience(figures) {
      if (resilience !== null && Date.parse(resilience.at) > Date.parse(figures.at)) return;
      resilience = figures;
      publish(new Set(['resilience']));
    },
    putResilience(row) {
      if (resilience === null) return;
      const topics = new Set<Topic>();
      mergeResilience({ ...resilience, servers: [row] }, topics);
      publish(topics);
    },
    clear() {
      const topics = new Set<Topic>(['outline', 'servers', 'operations', 'resilience']);
      resilience = null;
      for (const key of machines.keys()) topics.add(`machine:${key}`);
      for (const id of servers.keys()) topics.add(`server:${id}`);
      machines.clear();
      servers.clear();
      operations.clear();
      publish(topics);
    },
  };
}

const byAge = (left: Operation, right: Operation): number =>
  Date.parse(right.created_at) - Date.parse(left.created_at) || (left.id < right.id ? 1 : -1);

function hasSameOutline(old: Machine, next: Machine): boolean {
  return (
    old.name === next.name &&
    old.power_state === next.power_state &&
    old.guest_os === next.guest_os &&
    old.guest_ip === next.guest_ip &&
    old.host_name === next.host_name &&
    old.guest_host_name === next.guest_host_name &&
    old.is_template === next.is_template &&
    (old.question === null) === (next.question === null) &&
    old.tools === next.tools &&
    old.annotation === next.annotation &&
    old.ip_addresses.join() === next.ip_addresses.join()
  );
}
