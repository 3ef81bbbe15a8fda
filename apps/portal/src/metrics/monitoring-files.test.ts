import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { ALERT_RULES, type AlertKind } from '@breakwater/contract';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { parse } from 'yaml';
import { createTestPortal, type TestPortal } from '../testing/test-portal.ts';

const folder = join(import.meta.dirname, '../../../../docs/monitoring');
const readText = (name: string): string => readFileSync(join(folder, name), 'utf8');

interface Rule {
  readonly alert: string;
  readonly expr: string;
  readonly labels: { readonly severity: string };
  readonly annotations: { readonly summary: string; readonly description: string };
}

interface Panel {
  readonly id: number;
  readonly title: string;
  readonly targets: readonly { readonly expr: string }[];
}

const { groups } = parse(readText('breakwater-alerts.yml')) as { readonly groups: readonly { readonly rules: readonly Rule[] }[] };
const rules = groups.flatMap((group) => group.rules);
const dashboard = JSON.parse(readText('breakwater-dashboard.json')) as {
  readonly panels: readonly Panel[];
  readonly templating: { readonly list: readonly { readonly query: string }[] };
};

let test: TestPortal;
let emitted: ReadonlyMap<string, string>;

beforeAll(async () => {
  test = createTestPortal();
  test.fleet.seed({ id: 'a', name: 'esx-a' }, { machineCount: 1 });
  const { body } = await test.portal.app.inject({ url: '/metrics', headers: test.as('viewer') });
  emitted = new Map([...body.matchAll(/^# TYPE (\w+) (\w+)$/gm)].map(([, name = '', kind = '']) => [name, kind]));
});

afterAll(() => test.portal.close());

/** Names of figures within an expression that the portal does not emit; summaries and histograms have a sum and a count. */
function findUnknown(expression: string): readonly string[] {
  const names = [...expression.matchAll(/\b(?:portal|process)_[a-z_]+/g)].map(([name]) => name);
  expect(names.length, expression).toBeGreaterThan(0);
  return names.filter((name) => {
    const [, base = '', suffix] = /^(.*?)(_sum|_count)?$/.exec(name) ?? [];
    return !emitted.has(name) && !(suffix !== undefined && ['summary', 'histogram'].includes(emitted.get(base) ?? ''));
  });
}

const secondsOf = (kind: AlertKind): number => ALERT_RULES[kind].threshold / 1_000;

/** The rules of the Health page in the language of Prometheus. */
const EXPECTED: Readonly<Record<AlertKind, { readonly name: string; readonly expr: string }>> = {
  breaker_open: { name: 'BreakwaterBreakerOpen', expr: 'portal_host_breaker_state == 2' },
  failures: {
    name: 'BreakwaterFailures',
    expr: `portal_host_breaker_failures >= ${ALERT_RULES.failures.threshold} unless portal_host_breaker_state == 2`,
  },
  slow_queue: {
    name: 'BreakwaterSlowQueue',
    expr: `sum by (host, server_id) (rate(portal_host_queue_wait_seconds_sum[5m])) / sum by (host, server_id) (rate(portal_host_queue_wait_seconds_count[5m])) > ${secondsOf('slow_queue')}`,
  },
  pool_exhausted: {
    name: 'BreakwaterPoolExhausted',
    expr: `portal_host_pool_available == 0 and increase(portal_host_pool_errors_total[1h]) > ${ALERT_RULES.pool_exhausted.threshold}`,
  },
  data_old: {
    name: 'BreakwaterDataOld',
    expr: `portal_host_data_age_seconds > ${secondsOf('data_old')} unless on (host, server_id) portal_host_state{state=~"paused|disabled"} == 1`,
  },
};

describe('the files for Prometheus and Grafana', () => {
  it('hold every alert of the page, with its severity and its bound, and no other', () => {
    const wanted = Object.entries(EXPECTED).map(([kind, { name, expr }]) => ({
      name,
      expr,
      severity: ALERT_RULES[kind as AlertKind].severity,
    }));
    expect(rules.map(({ alert, expr, labels }) => ({ name: alert, expr, severity: labels.severity }))).toEqual(wanted);
    for (const { annotations } of rules) {
      expect(annotations.summary).toContain('{{ $labels.host }}');
      expect(annotations.description.length).toBeGreaterThan(40);
    }
  });

  it('ask only for figures that the portal has', () => {
    const expressions = [...rules.map(({ expr }) => expr), ...dashboard.panels.flatMap(({ targets }) => targets.map(({ expr }) => expr))];
    expect(expressions.length).toBeGreaterThan(15);
    expect(expressions.flatMap(findUnknown)).toEqual([]);
    expect(findUnknown(dashboard.templating.list[1]?.query ?? '')).toEqual([]);
    expect(findUnknown('portal_host_breaker_state + portal_host_sorrows')).toEqual(['portal_host_sorrows']);
    expect(findUnknown('portal_sse_clients_sum')).toEqual(['portal_sse_clients_sum']);
  });

  it('draw panels that can be told apart', () => {
    expect(new Set(dashboard.panels.map(({ id }) => id)).size).toBe(dashboard.panels.length);
    expect(new Set(dashboard.panels.map(({ title }) => title)).size).toBe(dashboard.panels.length);
  });
});
