/**
 * When a person should look at a server. The first four rules are spec 01's; the page, `docs/monitoring` and its test read the
 * same numbers. `alert`: act now. `warning`: look when you can.
 */
export const ALERT_RULES = {
  /** The circuit breaker is open: the server is left alone. */
  breaker_open: { severity: 'alert', threshold: 0 },
  /** So many failures or more count towards opening. */
  failures: { severity: 'warning', threshold: 3 },
  /** Requests wait longer than this for their turn, on average; milliseconds. */
  slow_queue: { severity: 'warning', threshold: 1_000 },
  /** No connection is free, and more than this many failed to open within the last hour. */
  pool_exhausted: { severity: 'alert', threshold: 0 },
  /** What is known of the server is older than this; milliseconds. */
  data_old: { severity: 'warning', threshold: 300_000 },
} as const satisfies Readonly<Record<string, { readonly severity: 'alert' | 'warning'; readonly threshold: number }>>;

export type AlertKind = keyof typeof ALERT_RULES;
export const ALERT_KINDS = Object.keys(ALERT_RULES) as [AlertKind, ...AlertKind[]];
