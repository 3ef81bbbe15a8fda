import type { Machine, Server } from '@breakwater/contract';
import type { ReactNode } from 'react';
import { useWords } from '../i18n/use-words.ts';

const MIB = 1024 ** 2;

export function MachineFacts({ machine, server }: { readonly machine: Machine; readonly server: Server | undefined }): ReactNode {
  const { t, format } = useWords();
  const hardware = [
    machine.num_cpu === null ? null : t('machine.processors', { count: machine.num_cpu }),
    machine.memory_mb === null ? null : format.bytes(machine.memory_mb * MIB),
  ].filter((part) => part !== null);
  const addresses = machine.ip_addresses.length > 0 ? machine.ip_addresses : machine.guest_ip === null ? [] : [machine.guest_ip];
  const facts: readonly (readonly [string, string])[] = [
    [t('machines.os'), machine.guest_os ?? ''],
    [t('machine.hardware'), hardware.join(' · ')],
    [t('machine.addresses'), addresses.join(', ')],
    [t('machine.guest_name'), machine.guest_host_name ?? ''],
    [t('tools.label'), t(`tools.${machine.tools}`)],
    [t('machines.server'), server?.name ?? ''],
    [t('machine.host'), machine.host_name ?? ''],
    [t('machine.booted'), machine.boot_time === null ? '' : format.dateTime(machine.boot_time)],
    [t('machine.moid'), machine.moid],
    [t('machine.uuid'), machine.instance_uuid ?? ''],
    [t('machine.notes'), machine.annotation ?? ''],
  ];
  return (
    <section className="panel" aria-labelledby="machine-facts">
      <h2 id="machine-facts">{t('machine.facts')}</h2>
      <dl className="facts">
        {facts
          .filter(([, value]) => value !== '')
          .map(([label, value]) => (
            <div key={label} className="fact">
              <dt>{label}</dt>
              <dd>{value}</dd>
            </div>
          ))}
      </dl>
    </section>
  );
}
