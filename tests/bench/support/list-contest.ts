import { writeFileSync } from 'node:fs';
import { request } from 'node:http';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { type Child, startChild } from '../../e2e/support/child.ts';
import type { BenchRow } from '../row.ts';
import { median, round } from './process-figures.ts';
import { type LoadFigures, load } from './wrk.ts';

const peers = join(import.meta.dirname, '../peers');
const ROUNDS = 3;
const SECONDS = 2;
/** Node compiles while it runs; what is counted is the state in which a portal spends its life. */
const WARM_UP_SECONDS = 1;
const CONNECTIONS = 16;

export interface ListContestOptions {
  /** A running portal and the paths of its lists by number of machines. */
  readonly origin: string;
  readonly token: string;
  readonly pid: number;
  readonly lists: readonly { readonly machines: number; readonly path: string }[];
  readonly folder: string;
  readonly log: (line: string) => void;
}

interface Answer {
  readonly status: number;
  readonly headers: readonly (readonly [string, string])[];
  readonly body: Buffer;
}

interface Case {
  readonly key: string;
  readonly machines: number;
  readonly path: string;
  readonly kind: 'plain' | 'compressed' | 'unchanged';
  readonly leastShare: number;
}

interface Outcome {
  readonly contestant: Case;
  readonly own: LoadFigures[];
  readonly bare: LoadFigures[];
}

/** An answer as it is on the wire; `fetch` would undo its compression. */
function ask(url: string, headers: Readonly<Record<string, string>>): Promise<Answer> {
  return new Promise((resolve, reject) => {
    const call = request(url, { headers, agent: false }, (response) => {
      const chunks: Buffer[] = [];
      response.on('data', (chunk: Buffer) => chunks.push(chunk));
      response.on('end', () => {
        const raw = response.rawHeaders;
        const pairs = raw.flatMap((name, index) => (index % 2 === 0 ? [[name, raw[index + 1] ?? ''] as const] : []));
        // Node adds these by itself.
        const kept = pairs.filter(([name]) => !['date', 'connection', 'keep-alive'].includes(name.toLowerCase()));
        resolve({ status: response.statusCode ?? 0, headers: kept, body: Buffer.concat(chunks) });
      });
    });
    call.once('error', reject);
    call.end();
  });
}

const etagOf = (answer: Answer): string => answer.headers.find(([name]) => name.toLowerCase() === 'etag')?.[1] ?? '';

/** The portal's ready lists against a bare server that sends the very same answers, in turns. */
export async function contestLists(options: ListContestOptions): Promise<readonly BenchRow[]> {
  const { origin, token, pid, log } = options;
  const cases = options.lists.flatMap(({ machines, path }): readonly Case[] => [
    { key: `/${machines}`, machines, path, kind: 'plain', leastShare: 0.9 },
    { key: `/${machines}-zstd`, machines, path, kind: 'compressed', leastShare: 0.9 },
    { key: `/${machines}-304`, machines, path, kind: 'unchanged', leastShare: 0.85 },
  ]);
  const headersOf = async ({ path, kind }: Case): Promise<Readonly<Record<string, string>>> => {
    const headers = { authorization: `Bearer ${token}` };
    if (kind === 'plain') return headers;
    if (kind === 'compressed') return { ...headers, 'accept-encoding': 'zstd' };
    return { ...headers, 'if-none-match': etagOf(await ask(`${origin}${path}`, headers)) };
  };
  const answers: Record<string, unknown> = {};
  const sizes = new Map<string, number>();
  for (const contestant of cases) {
    const answer = await ask(`${origin}${contestant.path}`, await headersOf(contestant));
    if (answer.status !== (contestant.kind === 'unchanged' ? 304 : 200))
      throw new Error(`${contestant.key} is answered with ${answer.status}`);
    answers[contestant.key] = { ...answer, body: answer.body.toString('base64') };
    sizes.set(contestant.key, answer.body.length);
  }
  const recorded = join(options.folder, 'answers.json');
  writeFileSync(recorded, JSON.stringify(answers));
  const bare = startChild(process.execPath, [join(peers, 'prepared-server.ts'), recorded]);
  const outcomes: Outcome[] = cases.map((contestant) => ({ contestant, own: [], bare: [] }));
  try {
    const [, port = ''] = await bare.waitFor(/listening (\d+)/);
    const barePid = bare.process.pid ?? 0;
    const turnOf = async (contestant: Case, seconds: number): Promise<{ readonly own: LoadFigures; readonly bare: LoadFigures }> => {
      const headers = await headersOf(contestant);
      const size = sizes.get(contestant.key) ?? 0;
      const shared = { headers, connections: CONNECTIONS, seconds, bodyBytes: size };
      return {
        own: await load({ ...shared, url: `${origin}${contestant.path}`, pid }),
        bare: await load({ ...shared, url: `http://127.0.0.1:${port}${contestant.key}`, pid: barePid }),
      };
    };
    for (const { contestant } of outcomes) await turnOf(contestant, WARM_UP_SECONDS);
    for (let turn = 0; turn < ROUNDS; turn++) {
      for (const { contestant, own, bare: others } of outcomes) {
        const figures = await turnOf(contestant, SECONDS);
        own.push(figures.own);
        others.push(figures.bare);
      }
    }
  } finally {
    await bare.stop('SIGKILL');
  }
  return outcomes.flatMap(({ contestant, own, bare: others }) => {
    const { machines, kind, leastShare } = contestant;
    const perSecond = median(own.map((one) => one.perSecond));
    const share = median(own.map((one, index) => one.perSecond / (others[index]?.perSecond ?? Number.NaN)));
    const cpuUs = median(own.map((one) => one.cpuUs));
    const cpuRatio = median(own.map((one, index) => one.cpuUs / (others[index]?.cpuUs ?? Number.NaN)));
    const name = `list of ${machines} machines, ${kind} (${sizes.get(contestant.key)} B)`;
    log(`${name}: ${perSecond.toFixed(0)}/s, ${cpuUs.toFixed(0)} us; bare ${median(others.map((one) => one.cpuUs)).toFixed(0)} us`);
    const peer = 'bare node:http, same bytes';
    const most = round(1 / leastShare, 3);
    return [
      {
        name: `${name}: requests per second`,
        value: round(perSecond),
        unit: '1/s',
        peer,
        ratio: round(share),
        goal: `at least ${leastShare} x`,
        ok: share >= leastShare,
      },
      {
        name: `${name}: CPU per request`,
        value: round(cpuUs),
        unit: 'us',
        peer,
        ratio: round(cpuRatio),
        goal: `at most ${most} x`,
        ok: cpuRatio <= most,
      },
    ];
  });
}

async function freePort(): Promise<number> {
  const probe = createServer().listen(0, '127.0.0.1');
  await new Promise((resolve) => probe.once('listening', resolve));
  const address = probe.address();
  await new Promise((resolve) => probe.close(resolve));
  return typeof address === 'object' && address !== null ? address.port : 0;
}

/** The documents' stack: the JSON made anew for each request. Also how long one reader alone waits for the portal. */
export async function contestFlask(options: ListContestOptions): Promise<readonly BenchRow[]> {
  const { origin, token, pid } = options;
  const [smallest] = options.lists;
  if (smallest === undefined) throw new Error('no list to ask for');
  const headers = { authorization: `Bearer ${token}` };
  const file = join(options.folder, 'flask.json');
  writeFileSync(file, (await ask(`${origin}${smallest.path}`, headers)).body);
  const port = await freePort();
  const flask: Child = startChild('/usr/bin/python3', [join(peers, 'flask-list.py'), String(port), file]);
  try {
    await flask.waitFor(/Running on/);
    const own: LoadFigures[] = [];
    const python: LoadFigures[] = [];
    const single: LoadFigures[] = [];
    for (let turn = 0; turn < ROUNDS; turn++) {
      const target = { url: `${origin}${smallest.path}`, headers, pid };
      own.push(await load({ ...target, connections: CONNECTIONS, seconds: 1 }));
      python.push(await load({ url: `http://127.0.0.1:${port}/list`, connections: CONNECTIONS, seconds: 1, pid: flask.process.pid ?? 0 }));
      single.push(await load({ ...target, connections: 1, seconds: 1 }));
    }
    const perSecond = median(own.map((one) => one.perSecond));
    const ratio = perSecond / median(python.map((one) => one.perSecond));
    const p50Ms = median(single.map((one) => one.p50Ms));
    const name = `list of ${smallest.machines} machines`;
    return [
      {
        name: `${name}: requests per second`,
        value: round(perSecond),
        unit: '1/s',
        peer: 'Flask jsonify',
        ratio: round(ratio),
        goal: 'at least 10 x',
        ok: ratio >= 10,
      },
      {
        name: `${name}: one reader's wait, p50`,
        value: round(p50Ms),
        unit: 'ms',
        peer: null,
        ratio: null,
        goal: 'at most 1 ms',
        ok: p50Ms <= 1,
      },
    ];
  } finally {
    await flask.stop('SIGKILL');
  }
}
