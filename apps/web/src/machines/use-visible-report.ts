import { useEffect } from 'react';
import type { MachineId } from '../api/portal.ts';
import { useServices } from '../app/services.ts';

/** Tells the portal which machines are on the page, so that their screens are refreshed first. */
export function useVisibleReport(keys: readonly string[]): void {
  const { feed, store } = useServices();
  const joined = keys.join('\n');
  useEffect(() => {
    const machines: MachineId[] = [];
    for (const key of joined === '' ? [] : joined.split('\n')) {
      const machine = store.machine(key);
      if (machine !== undefined) machines.push({ server_id: machine.server_id, moid: machine.moid });
    }
    feed.setVisibleMachines(machines);
  }, [feed, store, joined]);
  useEffect(() => () => feed.setVisibleMachines([]), [feed]);
}
