import type { Access } from '@breakwater/access';
import { OpsError } from '@breakwater/kernel';
import { formatMetrics, METRICS_CONTENT_TYPES, type MetricsFormat } from '@breakwater/resilience';
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
    answers: { 200: { description: 'Text exposition 0.0.4, or OpenMetrics 1.0 for whoever accepts it.', mediaType: 'text/plain' } },
    problems: ['PORTAL_SIGN_IN_REQUIRED', 'PORTAL_FORBIDDEN'],
    handle: ({ principal, request, reply }) => {
      if (!options.isPublic) {
        if (principal === null) throw new OpsError({ code: 'PORTAL_SIGN_IN_REQUIRED', message: 'Send an API token to read the figures.' });
        if (principal.via === 'session' && !options.access.may(principal, 'administer')) {
          throw new OpsError({ code: 'PORTAL_FORBIDDEN', message: 'Only administrators and API tokens may read the figures.' });
        }
      }
      const format = chooseFormat(request.headers.accept);
      return reply
        .header('content-type', METRICS_CONTENT_TYPES[format])
        .header('cache-control', 'no-store')
        .header('vary', 'accept')
        .send(formatMetrics(collectMetrics(options.sources), { format }));
    },
  });

/** Collectors that know OpenMetrics name it first; everybody else gets what everybody reads. */
const chooseFormat = (accept: string | undefined): MetricsFormat =>
  accept?.includes('application/openmetrics-text') === true ? 'openmetrics' : 'prometheus';
