import { Secret, silentLogger, systemClock, toServerId } from '@breakwater/kernel';
import { createSharedBreakers } from '@breakwater/resilience';
import { createMemorySharedServer } from '@breakwater/resilience/testing';
import { afterEach, expect, it, vi } from 'vitest';
import { createVsphereLinks } from './create-vsphere-links.ts';
import { closeAll, NEVER, recordOf, start } from './testing/link-bed.ts';

vi.setConfig({ testTimeout: 40_000 });
afterEach(closeAll);

it('leaves a server alone that another portal has found down, whatever id it has there', async () => {
  const simulator = await start();
  const record = recordOf(simulator);
  await simulator.stop();
  const server = createMemorySharedServer({ clock: systemClock });
  const open = (id: string) => {
    const shared = createSharedBreakers({ store: server.connect(), instance: id, policy: { quorum: 1 } });
    const limits = { minIntervalMs: 1, failureThreshold: 1 };
    const links = createVsphereLinks({ clock: systemClock, logger: silentLogger, shared, options: { limits } });
    return { link: links.open({ ...record, id: toServerId(id) }, { user: 'root', password: new Secret('x') }), shared };
  };
  const [one, two] = [open('one'), open('two')];
  await vi.waitFor(() => expect([one.shared.figures().status, two.shared.figures().status]).toEqual(['ok', 'ok']));
  await expect(one.link.readGauges({ signal: NEVER })).rejects.toThrow('The server refuses the connection');
  await vi.waitFor(() => expect(two.link.figures().breaker.state).toBe('open'));
  await expect(two.link.readGauges({ signal: NEVER })).rejects.toMatchObject({ code: 'RESILIENCE_CIRCUIT_OPEN' });
  for (const { link, shared } of [one, two]) {
    await link.close();
    await shared.close();
  }
});
