/**
 * Who waits for a call. `critical`: a person at a console or a power button; `high`: a first look with nothing cached;
 * `normal`: background refresh; `low`: gauges and screens. Source: spec 02, "Request Queue with Priorities".
 */
export type Priority = 'critical' | 'high' | 'normal' | 'low';

export const PRIORITIES: readonly Priority[] = ['critical', 'high', 'normal', 'low'];
