import { OpsError } from '@breakwater/kernel';
import { FAULT_KINDS, type FaultEffect, type FaultRule } from '../fault-rules.ts';
import type { ServerLimits } from '../limits.ts';
import type { DeniedRead } from '../model/permissions.ts';

/** The texts that a limit may hold; the other limits are numbers. */
const CHOICES: Readonly<Partial<Record<keyof ServerLimits, readonly string[]>>> = {
  expiryAnswer: ['fault', 'empty-reply', 'missing-set'],
  license: ['full', 'free'],
  lockdown: ['off', 'on'],
  ticketHost: ['missing', 'short-name', 'inventory-name', 'foreign'],
  screenDoor: ['on', 'missing', 'unsupported'],
  role: ['administrator', 'read-only'],
};
/** Limits that `null` switches off. */
const OPTIONAL: ReadonlySet<string> = new Set(['capacity', 'requestsPerSecond', 'connectionCap', 'managedBy']);

/** Checks a JSON patch of the limits; unknown names and wrong types are refused as a whole. */
export function readLimits(limits: ServerLimits, body: unknown): Partial<ServerLimits> {
  const patch: Record<string, unknown> = {};
  for (const [name, value] of Object.entries(toRecord(body))) {
    if (!Object.hasOwn(limits, name)) throw wrong(`There is no limit "${name}".`);
    const choices = CHOICES[name as keyof ServerLimits];
    if (value === null && OPTIONAL.has(name)) patch[name] = undefined;
    else if (
      choices !== undefined
        ? typeof value === 'string' && choices.includes(value)
        : name === 'managedBy'
          ? typeof value === 'string'
          : isAmount(value)
    )
      patch[name] = value;
    else throw wrong(`"${name}" cannot be ${JSON.stringify(value).slice(0, 40)}.`);
  }
  return patch;
}

export function readFaultRule(body: unknown): FaultRule {
  const { effect, on, times, probability, ...others } = toRecord(body);
  const unknown = Object.keys(others)[0];
  if (unknown !== undefined) throw wrong(`A fault rule has no "${unknown}".`);
  if (on !== undefined && !(Array.isArray(on) && on.every((name) => typeof name === 'string')))
    throw wrong('"on" must be a list of texts.');
  if (times !== undefined && !isAmount(times)) throw wrong('"times" must be a number.');
  if (probability !== undefined && !(isAmount(probability) && probability <= 1)) throw wrong('"probability" must lie between 0 and 1.');
  return {
    effect: readEffect(effect),
    ...(on === undefined ? {} : { on: on as string[] }),
    ...(times === undefined ? {} : { times }),
    ...(probability === undefined ? {} : { probability: probability as number }),
  };
}

export function readDeniedRead(body: unknown): DeniedRead {
  const { moid, path, ...others } = toRecord(body);
  const unknown = Object.keys(others)[0];
  if (unknown !== undefined) throw wrong(`A denied read has no "${unknown}".`);
  if (moid !== undefined && typeof moid !== 'string') throw wrong('"moid" must be a text.');
  if (path !== undefined && typeof path !== 'string') throw wrong('"path" must be a text.');
  return { ...(moid === undefined ? {} : { moid }), ...(path === undefined ? {} : { path }) };
}

function readEffect(value: unknown): FaultEffect {
  const { kind, delayMs, jitterMs, fault } = toRecord(value);
  if (!FAULT_KINDS.some((known) => known === kind)) throw wrong(`"effect.kind" must be one of ${FAULT_KINDS.join(', ')}.`);
  if (kind === 'latency') {
    if (!isAmount(delayMs) || (jitterMs !== undefined && !isAmount(jitterMs)))
      throw wrong('A latency needs "delayMs" and may have "jitterMs".');
    return { kind, delayMs, ...(jitterMs === undefined ? {} : { jitterMs }) };
  }
  if (kind === 'soap-fault') {
    if (typeof fault !== 'string') throw wrong('A soap-fault needs "fault".');
    return { kind, fault };
  }
  return { kind } as FaultEffect;
}

function toRecord(value: unknown): Readonly<Record<string, unknown>> {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) throw wrong('A JSON object is expected.');
  return value as Readonly<Record<string, unknown>>;
}

const isAmount = (value: unknown): value is number => typeof value === 'number' && Number.isFinite(value) && value >= 0;
const wrong = (message: string): OpsError => new OpsError({ code: 'SIM_CONTROL_INPUT', message });
