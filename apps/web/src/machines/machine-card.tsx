// biome-ignore-all lint/a11y/useSemanticElements: the cells of a virtual grid of cards have no table around them.
import type { Machine, Server } from '@breakwater/contract';
import { memo, type ReactNode, useCallback, useState } from 'react';
import { toPortalUrl } from '../api/base-path.ts';
import { useFleet } from '../app/services.ts';
import { describeScreenProblem } from '../i18n/describe-error.ts';
import { useWords } from '../i18n/use-words.ts';
import { Icon } from '../ui/icon.tsx';
import { Meter } from '../ui/meter.tsx';
import { PowerShape } from '../ui/state-shape.tsx';
import { isStale, SCREEN_OLD_MS } from './freshness.ts';
import { ScreenPicture } from './screen-picture.tsx';
import { toDiskPercent } from './sort.ts';

export const toMachineHref = (machine: { readonly server_id: string; readonly moid: string }): string =>
  toPortalUrl(`/machines/${encodeURIComponent(machine.server_id)}/${encodeURIComponent(machine.moid)}`);
export const toConsoleHref = (machine: { readonly server_id: string; readonly moid: string }): string =>
  toPortalUrl(`/console/${encodeURIComponent(machine.server_id)}/${encodeURIComponent(machine.moid)}`);

interface MachineCardProps {
  readonly cellKey: string;
  readonly serverId: string;
  readonly column: number;
  readonly isActive: boolean;
  /** Wall time, coarse: only ages depend on it. */
  readonly now: number;
}

/** Plain elements only: clicks and keys are handled once, by the grid. */
export const MachineCard = memo(function MachineCard({ cellKey, serverId, column, isActive, now }: MachineCardProps): ReactNode {
  const machine = useFleet(`machine:${cellKey}`, (store) => store.machine(cellKey));
  const server = useFleet(`server:${serverId}`, (store) => store.server(serverId));
  const { t } = useWords();
  if (machine === undefined) return <div role="gridcell" aria-colindex={column} tabIndex={-1} className="card" />;
  const tabIndex = isActive ? 0 : -1;
  return (
    <div
      role="gridcell"
      aria-colindex={column}
      tabIndex={-1}
      className="card"
      data-key={cellKey}
      data-power={machine.power_state}
      data-stale={isStale(server) ? 'yes' : 'no'}
    >
      <CardScreen machine={machine} server={server} now={now} />
      <div className="card-body">
        <a className="card-name" href={toMachineHref(machine)} data-action="open" tabIndex={tabIndex} title={machine.name}>
          <MiddleEllipsis text={machine.name} />
          <span className="visually-hidden">, {t(`power.${machine.power_state}`)}</span>
        </a>
        <p className="card-line">
          {[server?.name, machine.host_name === server?.host ? null : machine.host_name].filter(Boolean).join(' · ')}
        </p>
        <p className="card-line muted">{[machine.guest_ip, machine.guest_os].filter(Boolean).join(' · ') || '\u00a0'}</p>
        <CardMeters machine={machine} />
        <div className="card-actions">
          <a
            className="button primary small"
            href={toConsoleHref(machine)}
            data-action="console"
            tabIndex={tabIndex}
            aria-label={t('machines.console_of', { name: machine.name })}
          >
            <Icon name="console" />
            {t('machines.console')}
          </a>
          <button
            type="button"
            className="button small"
            data-action="power"
            aria-haspopup="menu"
            tabIndex={tabIndex}
            aria-label={t('machines.power_of', { name: machine.name })}
          >
            <Icon name="power" />
            {t('machines.power')}
          </button>
        </div>
      </div>
    </div>
  );
});

/** Keeps the end of a long name, where the numbers stand. */
export function MiddleEllipsis({ text }: { readonly text: string }): ReactNode {
  const letters = Array.from(text);
  if (letters.length < 16) return <span className="ellipsis-whole">{text}</span>;
  // Two boxes would be read with a pause in between: readers get the name in one piece.
  return (
    <>
      <span className="visually-hidden">{text}</span>
      <span className="ellipsis-head" aria-hidden="true">
        {letters.slice(0, -6).join('')}
      </span>
      <span className="ellipsis-tail" aria-hidden="true">
        {letters.slice(-6).join('')}
      </span>
    </>
  );
}

function CardMeters({ machine }: { readonly machine: Machine }): ReactNode {
  const { t, format } = useWords();
  if (machine.power_state === 'poweredOff') return <div className="meters" />;
  const toText = (percent: number | null): string => (percent === null ? '–' : format.percent(percent));
  const disk = toDiskPercent(machine);
  return (
    <div className="meters">
      <Meter label={t('machines.cpu')} percent={machine.cpu_percent} text={toText(machine.cpu_percent)} />
      <Meter label={t('machines.memory_short')} percent={machine.memory_percent} text={toText(machine.memory_percent)} />
      <Meter label={t('machines.disk')} percent={disk} text={toText(disk)} />
    </div>
  );
}

export function CardScreen({
  machine,
  server,
  now,
}: {
  readonly machine: Machine;
  readonly server: Server | undefined;
  readonly now: number;
}): ReactNode {
  const { t, format } = useWords();
  const [troubled, setTroubled] = useState<string | null>(null);
  const onTrouble = useCallback((hash: string) => setTroubled(hash), []);
  const ageMs = machine.screen_at === null ? null : now - Date.parse(machine.screen_at);
  const hasPicture = machine.power_state !== 'poweredOff' && machine.screen_hash !== null;
  return (
    <div className="card-screen" data-action="open">
      {hasPicture && machine.screen_hash !== null ? (
        <ScreenPicture hash={machine.screen_hash} alt="" onTrouble={onTrouble} />
      ) : (
        <div className="no-screen">
          {machine.power_state === 'poweredOn' ? (
            <p>{describeScreenProblem(t, machine.screen_problem)}</p>
          ) : (
            <PowerShape state={machine.power_state} />
          )}
        </div>
      )}
      <div className="badges">
        <span className={`badge power-${machine.power_state}`}>
          <PowerShape state={machine.power_state} />
          {t(`power.${machine.power_state}`)}
        </span>
        {machine.question === null ? null : <span className="badge warn">{t('machines.question')}</span>}
        {machine.is_accessible ? null : <span className="badge warn">{t('machines.inaccessible')}</span>}
        {machine.is_template ? <span className="badge">{t('machines.template')}</span> : null}
        {isStale(server) ? <span className="badge warn">{t('machines.stale')}</span> : null}
        {troubled === null || troubled !== machine.screen_hash ? null : <span className="badge warn">{t('machines.screen_failed')}</span>}
        {hasPicture && ageMs !== null && ageMs > SCREEN_OLD_MS ? (
          <span className="badge age">{t('machines.screen_age', { age: format.duration(ageMs) })}</span>
        ) : null}
      </div>
    </div>
  );
}
