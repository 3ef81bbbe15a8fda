import type { Machine } from '@breakwater/contract';
import type { ReactNode } from 'react';
import { useWords } from '../i18n/use-words.ts';
import { toDiskPercent } from '../machines/sort.ts';
import { Meter } from '../ui/meter.tsx';

export function MachineGauges({ machine }: { readonly machine: Machine }): ReactNode {
  const { t, format } = useWords();
  if (machine.power_state === 'poweredOff') return null;
  const toText = (percent: number | null): string => (percent === null ? t('machines.no_value') : format.percent(percent));
  const { disk_used_bytes: used, disk_total_bytes: total } = machine;
  return (
    <section className="panel" aria-labelledby="machine-load">
      <h2 id="machine-load">{t('machine.gauges')}</h2>
      <div className="meters large">
        <Meter label={t('machines.cpu')} percent={machine.cpu_percent} text={toText(machine.cpu_percent)} />
        <Meter label={t('machines.memory')} percent={machine.memory_percent} text={toText(machine.memory_percent)} />
        <Meter
          label={t('machines.disk')}
          percent={toDiskPercent(machine)}
          text={
            used === null || total === null
              ? t('machines.no_value')
              : t('machine.of', { used: format.bytes(used), total: format.bytes(total) })
          }
        />
      </div>
    </section>
  );
}
