import type { Certificate, Server } from '@breakwater/contract';
import { formatInstant } from '@breakwater/kernel';
import { toPercent } from './gauge-poller.ts';
import type { ServerGauges } from './machine.ts';
import type { PresentedCertificateFacts, ServerProduct, ServerRecord } from './server.ts';
import { type ServerHealth, toServerState } from './server-health.ts';

export interface ServerViewInput {
  readonly record: ServerRecord;
  readonly hasPassword: boolean;
  readonly isPollingPaused: boolean;
  readonly health: ServerHealth;
  readonly dataAtWallMs: number | null;
  readonly machineCount: number;
  readonly runningCount: number;
  readonly product: ServerProduct | null;
  readonly delayMs: number;
  readonly gauges: ServerGauges | null;
}

export function toServer(input: ServerViewInput): Server {
  const { record, health, product, gauges } = input;
  const retryAtWallMs = 'retryAtWallMs' in health ? health.retryAtWallMs : null;
  return {
    id: record.id,
    name: record.name,
    host: record.host,
    port: record.port,
    user: record.user,
    verify_ssl: record.verifySsl,
    pinned_sha256: record.pinnedSha256,
    enabled: record.enabled,
    paused: record.paused,
    polling_paused: input.isPollingPaused,
    has_password: input.hasPassword,
    state: toServerState(health),
    problem_code: 'problem' in health ? health.problem.code : null,
    problem: 'problem' in health ? health.problem.text : null,
    // Whole seconds: the moment is derived from a countdown, and its last digits would differ at every look.
    retry_at: retryAtWallMs === null ? null : formatInstant(Math.round(retryAtWallMs / 1_000) * 1_000),
    data_at: input.dataAtWallMs === null ? null : formatInstant(input.dataAtWallMs),
    vm_count: input.machineCount,
    vm_on_count: input.runningCount,
    product: product?.fullName ?? null,
    api_type: product?.apiType ?? null,
    delay_ms: Math.round(input.delayMs),
    cpu_percent: gauges?.cpu == null ? null : toPercent(gauges.cpu.usageMhz, gauges.cpu.totalMhz),
    memory_percent: gauges?.memory == null ? null : toPercent(gauges.memory.usedBytes, gauges.memory.totalBytes),
    offered_certificate: 'certificate' in health ? toCertificate(health.certificate) : null,
  };
}

export function toCertificate(facts: PresentedCertificateFacts): Certificate {
  return {
    sha256: facts.sha256,
    sha1: facts.sha1,
    subject: facts.subject,
    issuer: facts.issuer,
    valid_from: facts.validFrom,
    valid_to: facts.validTo,
  };
}

/** Keys that move all the time and say nothing new by themselves. */
const QUIET_KEYS: ReadonlySet<keyof Server> = new Set(['data_at', 'delay_ms', 'cpu_percent', 'memory_percent']);

/** `quiet`: only ages and figures moved. */
export function compareServers(before: Server, after: Server): 'same' | 'quiet' | 'loud' {
  let result: 'same' | 'quiet' = 'same';
  for (const key of Object.keys(after) as (keyof Server)[]) {
    if (key === 'offered_certificate') {
      if (before.offered_certificate?.sha256 !== after.offered_certificate?.sha256) return 'loud';
    } else if (before[key] !== after[key]) {
      if (!QUIET_KEYS.has(key)) return 'loud';
      result = 'quiet';
    }
  }
  return result;
}
