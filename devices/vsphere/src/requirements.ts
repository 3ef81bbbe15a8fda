/** A test, by file below `src/` and by its title. */
export interface Proof {
  readonly file: string;
  readonly title: string;
}

/** What a client of vSphere owes its users, and the tests that show it. */
export interface Requirement {
  readonly id: number;
  readonly says: string;
  readonly proofs: readonly Proof[];
  /** The part that another package carries, because a device client knows nothing of it. */
  readonly carriedBy?: string;
}

export const REQUIREMENTS: readonly Requirement[] = [
  {
    id: 1,
    says: 'One session per server, kept alive, renewed once for all, its views and filters rebuilt, signed out on stop; a refused sign-in is never repeated.',
    proofs: [
      { file: 'session/session.test.ts', title: 'shares one sign-in among all who need it at the same time' },
      { file: 'session/session.test.ts', title: 'touches an idle session, and only then' },
      { file: 'session/session.test.ts', title: 'signs in again once for all and repeats reads when the server has forgotten the session' },
      { file: 'session/session.test.ts', title: 'never repeats a refused sign-in until a person asks for it' },
      { file: 'session/session.test.ts', title: 'signs out on closing and takes no more calls' },
      { file: 'session/session.test.ts', title: 'signs out of a session that the server was giving while the client was closed' },
      {
        file: 'properties/update-stream.test.ts',
        title: 'rebuilds view, collector and filter in a new session when the old one has ended',
      },
    ],
  },
  {
    id: 2,
    says: 'Live inventory by one long poll instead of polling with a sign-in each time; one paged read for a full load; views are destroyed.',
    proofs: [
      {
        file: 'properties/update-stream.test.ts',
        title: 'loads everything first, then waits for news in a parked call that outlives the wait',
      },
      { file: 'properties/property-reader.test.ts', title: 'reads everything in pages, each asked for by the token of the one before' },
      { file: 'properties/update-stream.test.ts', title: 'leaves nothing behind on the server when it is stopped' },
      { file: 'objects/inventory.test.ts', title: 'tells the whole inventory, then each change as a whole machine' },
    ],
  },
  {
    id: 3,
    says: 'Version negotiation, version-gated property lists, schema-ordered and pruned XML, hardened parser.',
    proofs: [
      { file: 'session/session.test.ts', title: 'agrees on the newest common version and sends it with every call' },
      { file: 'properties/property-reader.test.ts', title: 'asks a server only for what its version knows' },
      { file: 'wire/encode.test.ts', title: 'writes elements in schema order, whatever the order of the keys' },
      { file: 'wire/encode.test.ts', title: 'leaves out what is optional and empty, and keeps what is required and empty' },
      { file: 'wire/decode.test.ts', title: 'never throws anything but its own error, whatever is done to the bytes' },
    ],
  },
  {
    id: 4,
    says: 'Outcomes are judged by their true class: faults and refused sign-ins never count as load.',
    proofs: [
      { file: 'classify.test.ts', title: 'does not count the fault %s as load: a server that refuses works' },
      { file: 'classify.test.ts', title: 'counts what an overloaded host does: broken connections, handshakes and pages' },
      { file: 'classify.test.ts', title: 'takes 503 as a wish for less, with the time the server names' },
    ],
    carriedBy: 'The limiter, the priority queue and the breaker stand around the transport.',
  },
  {
    id: 5,
    says: 'Every phase has a deadline, and a caller can give up without disturbing others.',
    proofs: [
      { file: 'session/session.test.ts', title: 'lets one caller give up without ending the sign-in of the others' },
      { file: 'properties/object-waiter.test.ts', title: 'stops asking when nobody waits any more' },
      { file: 'objects/power.test.ts', title: 'guest verbs need tools, and a guest that does not stop in time has failed' },
    ],
    carriedBy: 'Connect, first-byte and body deadlines are the transport’s; keeping stale data visible is the fleet’s.',
  },
  {
    id: 6,
    says: 'Screens by GET /screen in the wanted size; the fallback removes its files.',
    proofs: [
      { file: 'objects/screen-camera.test.ts', title: 'asks the host for a picture of the wanted size, whatever the id looks like' },
      {
        file: 'objects/screen-camera.test.ts',
        title: 'removes the file also when it cannot be fetched, is no picture, or nobody wants it any more',
      },
      {
        file: 'objects/screen-camera.test.ts',
        title: 'takes a picture by task for whom the door is not there, and stops asking at it after three machines',
      },
    ],
    carriedBy: 'Which screens are taken, and when, is the fleet’s choice; pictures are re-encoded before a browser sees them.',
  },
  {
    id: 7,
    says: 'A fresh console ticket per opening, leading only to the server itself or to a host of its inventory, with the fingerprint to expect.',
    proofs: [
      { file: 'objects/console-ticket.test.ts', title: 'refuses to lead anywhere else' },
      { file: 'objects/console-ticket.test.ts', title: 'takes fingerprints in any writing, and no others' },
      { file: 'objects/console-ticket.test.ts', title: 'says when the consoles of a machine are all taken, and when it is off' },
    ],
    carriedBy: 'The two sockets of a console are the portal’s.',
  },
  {
    id: 8,
    says: 'An untrusted or changed certificate says nothing about load and is never worked around.',
    proofs: [{ file: 'classify.test.ts', title: 'does not count %s' }],
    carriedBy: 'Trust is checked by the transport before the first byte.',
  },
  {
    id: 9,
    says: 'Passwords and tickets appear in no error, log or URL but the call that needs them; names are escaped.',
    proofs: [
      {
        file: 'session/session.test.ts',
        title: 'signs in with locale en, gives the cookie back with its quotes and keeps the password out of everything but the call',
      },
      { file: 'objects/console-ticket.test.ts', title: 'refuses a ticket that is none, without repeating it' },
      { file: 'wire/encode.test.ts', title: 'escapes what users and servers write into names' },
    ],
    carriedBy: 'Roles, origin checks and stored credentials are the portal’s.',
  },
  {
    id: 10,
    says: 'Tasks are followed with progress, questions can be answered, errors are told by fault type, lost submits are read back and never repeated.',
    proofs: [
      { file: 'objects/power.test.ts', title: '%s submits one task, urgently and once, and follows it to its end' },
      { file: 'objects/power.test.ts', title: 'reads back after a lost answer, and follows the task that is running' },
      { file: 'objects/power.test.ts', title: 'says unknown, and does not repeat, when reading back does not settle it' },
      { file: 'objects/power.test.ts', title: 'sends the choice, once' },
      { file: 'properties/object-waiter.test.ts', title: 'waits for many objects with one collector and one parked call' },
    ],
  },
  {
    id: 11,
    says: 'Deployments on vCenter and on standalone hosts.',
    proofs: [],
    carriedBy: 'Not offered by this client.',
  },
  {
    id: 12,
    says: 'Says why something is impossible: licence, vCenter in charge, missing privilege, no tools, wrong state, wrong version.',
    proofs: [
      { file: 'objects/power.test.ts', title: 'says why when the server refuses with %s' },
      { file: 'objects/power.test.ts', title: 'says why when the task fails' },
      { file: 'session/session.test.ts', title: 'refuses a server that speaks no version we know' },
    ],
  },
  {
    id: 13,
    says: 'On a vCenter all connected hosts are summed, others are named, a shared datastore counts once.',
    proofs: [
      { file: 'objects/gauges.test.ts', title: 'sums over connected hosts and names the others' },
      { file: 'objects/gauges.test.ts', title: 'lists datastores with what is known, also unreachable ones' },
    ],
  },
  {
    id: 14,
    says: 'A quiet wait is reported as confirmation, so that the age of what is shown is known.',
    proofs: [
      {
        file: 'properties/update-stream.test.ts',
        title: 'says that what is known was confirmed when a wait ends without news, and does not hurry a server that never waits',
      },
    ],
    carriedBy: 'Figures of queues, breakers and pools are kept by those who own them.',
  },
  {
    id: 15,
    says: 'The codec is checked against itself over the whole schema, and against other servers elsewhere.',
    proofs: [
      { file: 'wire/encode.test.ts', title: 'reads back what it writes, for values of every type of the schema' },
      { file: 'wire/decode.test.ts', title: 'gives the same result however the bytes are cut' },
    ],
    carriedBy: 'End-to-end tests run the client against simulators that share no codec with it.',
  },
];
