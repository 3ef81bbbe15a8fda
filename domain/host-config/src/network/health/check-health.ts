import { OpsError } from '@breakwater/kernel';
import { createHealthMonitor, type HealthReport, type KeptPermit, parseRetryAfterMs } from '@breakwater/resilience';
import { explainTransferError } from '../../classify/explain-transfer-error.ts';
import type { Explanation } from '../../classify/failure.ts';
import type { ProbeAnswer } from '../../ports/download-door.ts';
import { explainOffline, explainOpenBreaker } from '../known-explanations.ts';
import type { NetworkRoom } from '../network-room.ts';
import type { HealthOptions, ServiceHealth } from './service-health.ts';

const DEGRADED_MS = 1_000;
const UNHEALTHY_MS = 3_000;
/** The monitor runs one round here; it wants to know when the next would be. */
const NEVER_MS = 86_400_000;
const HALF_YEAR_MS = 183 * 86_400_000;

interface Target {
  readonly service: string;
  readonly url: string;
  /** Null: asked without one, so that the answer says nothing to a breaker. */
  readonly permit: KeptPermit | null;
}

/** Asks all services at once for a small object that is really there. A check counts for a breaker like any call, and a good one may close it. */
export async function checkHealth(options: HealthOptions, room: NetworkRoom): Promise<readonly ServiceHealth[]> {
  const found = (options.services ?? room.settings.healthChecks.services).flatMap((service): readonly (Target | ServiceHealth)[] => {
    const url = room.settings.services[service]?.healthUrl;
    return url === undefined ? [] : [admit({ service, url }, options.asks ?? 'admitted', room)];
  });
  const targets = found.filter((each) => 'permit' in each);
  const answers = new Map<string, ProbeAnswer>();
  const monitor = createHealthMonitor({
    targets: targets.map((target) => ({
      name: target.service,
      check: async ({ signal }) => void answers.set(target.service, await ask(target, signal, room)),
    })),
    everyMs: NEVER_MS,
    degradedMs: DEGRADED_MS,
    unhealthyMs: UNHEALTHY_MS,
    clock: room.clock,
  });
  try {
    const reports = new Map((await monitor.checkAll()).map((report) => [report.name, report]));
    room.signal.throwIfAborted();
    return found.map((each) =>
      'permit' in each ? toHealth(each, reports.get(each.service), { answer: answers.get(each.service), room }) : each,
    );
  } finally {
    monitor.close();
  }
}

function admit(target: Omit<Target, 'permit'>, asks: 'admitted' | 'always', room: NetworkRoom): Target | ServiceHealth {
  if (room.settings.isOffline) return toUnasked(target, explainOffline().cause);
  const admission = room.breakers.admit(target.service, { operationMs: UNHEALTHY_MS });
  if (admission === null || admission.kind === 'admitted') return { ...target, permit: admission };
  if (asks === 'always') return { ...target, permit: null };
  return toUnasked(target, explainOpenBreaker(target.service, admission.retryAfterMs).cause);
}

async function ask({ permit, url }: Target, checkSignal: AbortSignal, room: NetworkRoom): Promise<ProbeAnswer> {
  const timeoutMs = Math.min(UNHEALTHY_MS, room.settings.timeouts.httpRequestMs);
  const signal = AbortSignal.any([checkSignal, room.signal]);
  try {
    const answer = await room.downloads.probe({ url, method: 'HEAD', timeoutMs, verifySsl: true }, { signal });
    if (answer.statusCode >= 400) throw createStatusError(url, answer);
    permit?.settle('success');
    return answer;
  } catch (error) {
    const { cause: text, class: kind, code: pattern } = explainProbe(error, room);
    const isServiceAway = kind === 'transient' || kind === 'throttled' || checkSignal.aborted;
    permit?.settle(isServiceAway && !room.signal.aborted ? 'failure' : 'none', { kind, pattern, text, host: new URL(url).hostname });
    throw error;
  }
}

function toHealth(
  { service, url }: Target,
  report: HealthReport | undefined,
  { answer, room }: { readonly answer: ProbeAnswer | undefined; readonly room: NetworkRoom },
): ServiceHealth {
  const { error, status = 'unhealthy', tookMs = null } = report ?? {};
  return {
    service,
    status: status === 'unknown' ? 'unhealthy' : status,
    url,
    tookMs,
    statusCode: answer?.statusCode ?? null,
    phasesMs: answer?.phasesMs ?? null,
    clockSkewMs: answer === undefined ? null : readSkewMs(answer.headers['date'], room.clock.wall()),
    cause: error === undefined ? null : explainProbe(error, room).cause,
  };
}

function createStatusError(url: string, { headers, statusCode }: ProbeAnswer): OpsError {
  const retryAfter = headers['retry-after'];
  const details = { url, status: statusCode, ...(retryAfter === undefined ? {} : { retryAfter }) };
  return new OpsError({ code: 'HOST_DOWNLOAD_STATUS', message: `${url} is answered with status ${statusCode}.`, details });
}

/** A check that was given up says only that it took too long. */
function explainProbe(error: unknown, { clock }: NetworkRoom): Pick<Explanation, 'cause' | 'class' | 'code'> {
  const cause = error instanceof Error ? error.message : String(error);
  return explainTransferError(error, { wallMs: clock.wall() }) ?? { cause, class: 'transient', code: 'timeout' };
}

function toUnasked({ service, url }: Omit<Target, 'permit'>, cause: string): ServiceHealth {
  return { service, status: 'unhealthy', url, tookMs: null, statusCode: null, phasesMs: null, clockSkewMs: null, cause };
}

/** HTTP dates are read by what reads `Retry-After`, which only looks ahead: hence the half year. */
function readSkewMs(date: string | undefined, wallMs: number): number | null {
  const aheadMs = date === undefined ? undefined : parseRetryAfterMs(date, { nowWallMs: wallMs - HALF_YEAR_MS });
  return aheadMs === undefined || aheadMs === 0 ? null : aheadMs - HALF_YEAR_MS;
}
