import { Agent, get } from 'node:http';
import { type AdmissionSpec, createPipeline, type Verdict } from '@breakwater/resilience';
import { openHiddenCapacityServer } from './hidden-capacity-server.ts';
import type { LimiterFigures } from './limiter-simulation.ts';
import { quantile } from './process-figures.ts';

const SERVICE_MS = 100;
const BACKGROUND_CALLS = 30;
const BACKGROUND_PAUSE_MS = 20;
const PERSON_EVERY_MS = 500;

/** Workers of the server, and for how long. */
const PHASES: readonly { readonly workers: number; readonly seconds: number }[] = [
  { workers: 6, seconds: 12 },
  { workers: 2, seconds: 12 },
  { workers: 6, seconds: 16 },
];

const SECONDS = PHASES.reduce((total, phase) => total + phase.seconds, 0);
const POSSIBLE = PHASES.reduce((total, { workers, seconds }) => total + (workers * seconds * 1_000) / SERVICE_MS, 0);

const sleepMs = (ms: number): Promise<void> => new Promise((resolve) => void setTimeout(resolve, ms));

/** One client against one real server whose capacity changes twice; about forty seconds. Convergence is not measured. */
export async function contendOverHttp(admission: AdmissionSpec): Promise<Omit<LimiterFigures, 'convergenceS'>> {
  const server = await openHiddenCapacityServer({ workers: PHASES[0]?.workers ?? 1, serviceMs: SERVICE_MS });
  const agent = new Agent({ keepAlive: true });
  let ok = 0;
  let bad = 0;
  const interactiveS: number[] = [];
  const pipeline = createPipeline(
    {
      admission: { interactiveReserve: 0, ...admission },
      attempt: { timeoutMs: 5_000, abandonedMs: 0 },
      classify: (settlement): Verdict => {
        if (!settlement.ok) return { kind: 'failure', transient: true };
        return { kind: settlement.value === 503 ? 'throttled' : 'success' };
      },
    },
    { key: `127.0.0.1:${server.port}` },
  );
  const ask = async (priority: 'critical' | 'normal'): Promise<void> => {
    const askedMs = performance.now();
    const outcome = await pipeline.attempt(() => request({ agent, port: server.port }), { priority });
    if (outcome.ok && outcome.value === 200) ok++;
    else bad++;
    if (priority === 'critical') interactiveS.push((performance.now() - askedMs) / 1_000);
  };
  const endMs = performance.now() + SECONDS * 1_000;
  const background = Array.from({ length: BACKGROUND_CALLS }, async () => {
    while (performance.now() < endMs) {
      await ask('normal');
      await sleepMs(BACKGROUND_PAUSE_MS);
    }
  });
  const person = (async () => {
    while (performance.now() < endMs) {
      await ask('critical');
      await sleepMs(PERSON_EVERY_MS);
    }
  })();
  for (const { workers, seconds } of PHASES) {
    server.setWorkers(workers);
    await sleepMs(seconds * 1_000);
  }
  const figures = { goodput: ok / POSSIBLE, errors: bad / (ok + bad), interactiveS: quantile(interactiveS, 0.99) };
  pipeline.close();
  await Promise.all([...background, person]);
  agent.destroy();
  await server.close();
  return figures;
}

function request(options: { readonly agent: Agent; readonly port: number }): Promise<number> {
  return new Promise((resolve, reject) => {
    get({ host: '127.0.0.1', port: options.port, agent: options.agent }, (response) => {
      response.resume();
      response.once('end', () => resolve(response.statusCode ?? 0));
      response.once('error', reject);
    }).once('error', reject);
  });
}
