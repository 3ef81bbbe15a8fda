import { type ReactNode, useEffect, useEffectEvent, useRef } from 'react';
import UPlot from 'uplot';
import 'uplot/dist/uPlot.min.css';
import { usePreferences } from '../app/services.ts';
import { useWords } from '../i18n/use-words.ts';
import type { Band, Values } from './history-series.ts';

export interface Line {
  readonly label: string;
  /** Name of the CSS token. */
  readonly colour: string;
  readonly values: Values;
}

export interface LineChartProps {
  readonly atMs: readonly number[];
  readonly lines: readonly Line[];
  readonly bands: readonly Band[];
  readonly toText: (value: number) => string;
  /** What the picture says, for those who do not see it. */
  readonly summary: string;
}

const HEIGHT = 150;
/** Milliseconds and counts: a step below one would name the same value twice. */
const WHOLE_STEPS = [1, 2, 5].flatMap((first) => Array.from({ length: 8 }, (_, power) => first * 10 ** power)).toSorted((a, b) => a - b);

/** Lines over time on a canvas, with the breaker's states as ground. Drawn anew when the theme or the language changes. */
export function LineChart(props: LineChartProps): ReactNode {
  const box = useRef<HTMLDivElement>(null);
  const plot = useRef<UPlot | null>(null);
  const { theme } = usePreferences();
  const { format } = useWords();
  const shape = props.lines.map(({ label, colour }) => `${label} ${colour}`).join();
  const toTickText = useEffectEvent((value: number): string => props.toText(value));
  const toData = useEffectEvent(
    (): UPlot.AlignedData => [props.atMs.map((at) => at / 1_000), ...props.lines.map(({ values }) => [...values])],
  );
  const drawBands = useEffectEvent((drawn: UPlot, colours: Readonly<Record<Band['state'], string>>): void => {
    const { ctx, bbox } = drawn;
    const stepS = props.atMs.length < 2 ? 0 : ((props.atMs.at(-1) ?? 0) - (props.atMs[0] ?? 0)) / (props.atMs.length - 1) / 1_000;
    for (const { state, from, to } of props.bands) {
      const left = drawn.valToPos((props.atMs[from] ?? 0) / 1_000 - stepS, 'x', true);
      const right = drawn.valToPos((props.atMs[to] ?? 0) / 1_000, 'x', true);
      ctx.fillStyle = colours[state];
      ctx.fillRect(Math.max(bbox.left, left), bbox.top, Math.min(right, bbox.left + bbox.width) - Math.max(bbox.left, left), bbox.height);
    }
  });
  const create = useEffectEvent((element: HTMLElement): UPlot => {
    const readToken = (name: string): string => resolveToken(element, name);
    const axis = {
      stroke: readToken('--muted'),
      grid: { stroke: readToken('--line'), width: 1 },
      ticks: { stroke: readToken('--line'), width: 1 },
      font: '12px sans-serif',
    };
    return new UPlot(
      {
        width: element.clientWidth,
        height: HEIGHT,
        legend: { show: false },
        cursor: { show: false },
        scales: { y: { range: (_, __, max) => [0, Math.max(1, (max ?? 0) * 1.1)] } },
        axes: [
          { ...axis, space: 84, values: (_, ticks) => ticks.map((tick) => format.hourMinute(tick * 1_000)) },
          { ...axis, size: 76, incrs: WHOLE_STEPS, values: (_, ticks) => ticks.map(toTickText) },
        ],
        series: [{}, ...props.lines.map(({ label, colour }) => ({ label, stroke: readToken(colour), width: 2, points: { size: 5 } }))],
        hooks: { drawClear: [(drawn) => drawBands(drawn, { open: readToken('--error-ground'), half_open: readToken('--warn-ground') })] },
      },
      toData(),
      element,
    );
  });
  const redraw = useEffectEvent(() => plot.current?.setData(toData()));

  useEffect(() => {
    const element = box.current;
    if (element === null) return;
    const draw = (): void => {
      plot.current?.destroy();
      plot.current = create(element);
    };
    draw();
    const resized = new ResizeObserver(() => plot.current?.setSize({ width: element.clientWidth, height: HEIGHT }));
    resized.observe(element);
    const dusk = window.matchMedia('(prefers-color-scheme: dark)');
    dusk.addEventListener('change', draw);
    return () => {
      dusk.removeEventListener('change', draw);
      resized.disconnect();
      plot.current?.destroy();
      plot.current = null;
    };
  }, [theme, shape, format]);
  useEffect(() => {
    redraw();
  }, [props.atMs, props.lines, props.bands]);

  return <div ref={box} className="line-chart" role="img" aria-label={props.summary} />;
}

/** A token may be `light-dark(…)`, which a canvas does not know: an element that wears it tells the colour. */
function resolveToken(parent: HTMLElement, name: string): string {
  const probe = document.createElement('span');
  probe.style.color = `var(${name})`;
  parent.append(probe);
  const { color } = getComputedStyle(probe);
  probe.remove();
  return color;
}
