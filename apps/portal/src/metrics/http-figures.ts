import type { MetricSample } from '@breakwater/resilience';

/** Counts answers by route and status. Routes are patterns, so their number is bounded whatever clients ask for. */
export class HttpFigures {
  readonly #byKey = new Map<string, { readonly labels: Readonly<Record<string, string>>; count: number; totalS: number }>();

  record(answer: { readonly method: string; readonly route: string; readonly status: number; readonly tookMs: number }): void {
    const key = `${answer.method} ${answer.route} ${answer.status}`;
    let figures = this.#byKey.get(key);
    if (figures === undefined) {
      figures = { labels: { method: answer.method, route: answer.route, status: String(answer.status) }, count: 0, totalS: 0 };
      this.#byKey.set(key, figures);
    }
    figures.count += 1;
    figures.totalS += answer.tookMs / 1_000;
  }

  samples(): readonly MetricSample[] {
    return [...this.#byKey.values()].flatMap(({ labels, count, totalS }) => [
      { labels, value: totalS, suffix: '_sum' as const },
      { labels, value: count, suffix: '_count' as const },
    ]);
  }
}
