import type { Access } from '@breakwater/access';
import { OpsError } from '@breakwater/kernel';
import { definePublicRoute, type Route } from '../http/route.ts';
import { collectMetrics, type MetricSources } from '../metrics/collect-metrics.ts';

export interface MetricsRouteOptions {
  readonly access: Access;
  readonly isPublic: boolean;
  readonly sources: MetricSources;
}

/** Any token may scrape; of people only administrators, because the figures name every server. */
export const createMetricsRoute = (options: MetricsRouteOptions): Route =>
  definePublicRoute({
    method: 'GET',
    path: '/metrics',
    id: 'getMetrics',
    tag: 'Protection',
    summary: 'Figures for Prometheus; with any API token, as an administrator, or for everybody with METRICS_PUBLIC',
    answers: { 200: { description: 'Text exposition 0.0.4.', mediaType: 'text/plain' } },
    problems: ['PORTAL_SIGN_IN_REQUIRED', 'PORTAL_FORBIDDEN'],
    handle: ({ principal, reply }) => {
      if (!options.isPublic) {
        if (principal === null) throw new OpsError({ code: 'PORTAL_SIGN_IN_REQUIRED', message: 'Send an API token to read the figures.' });
        if (principal.via === 'session' && !options.access.may(principal, 'administer')) {
          throw new OpsError({ code: 'PORTAL_FORBIDDEN', message: 'Only administrators and API tokens may read the figures.' });
        }
      }
      return reply
        .header('content-type', 'text/plain; version=0.0.4; charset=utf-8')
        .header('cache-control', 'no-store')
        .send(collectMetrics(options.sources));
    },
  });
