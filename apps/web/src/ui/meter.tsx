import type { ReactNode } from 'react';

/** A thin bar with its figure. Drawn by one transform, so that moving gauges cost no layout. */
export function Meter({
  label,
  percent,
  text,
}: {
  readonly label: string;
  readonly percent: number | null;
  readonly text: string;
}): ReactNode {
  const share = percent === null ? 0 : Math.max(0, Math.min(100, percent)) / 100;
  return (
    <div className="meter" data-level={share > 0.9 ? 'high' : 'normal'}>
      <span className="meter-label">{label}</span>
      <span className="meter-track" aria-hidden="true">
        <span className="meter-fill" style={{ transform: `scaleX(${share})` }} />
      </span>
      <span className="meter-text">{text}</span>
    </div>
  );
}
