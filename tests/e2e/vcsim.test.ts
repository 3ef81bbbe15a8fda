import type { Machine, Server } from '@breakwater/contract';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { eventually } from './support/child.ts';
import { type PortalProcess, startPortal } from './support/portal-process.ts';
import { startVcsim, type Vcsim } from './support/vcsim.ts';

// govmomi's simulator: nobody here wrote the inventory, the protocol or the certificate.
describe.each([
  { model: 'esx', machines: 20, expected: 20, apiType: 'HostAgent' },
  // The VPX model has one host and one cluster of three: machines are counted per resource pool.
  { model: 'vpx', machines: 5, expected: 10, apiType: 'VirtualCenter' },
] as const)('a foreign $model server', ({ model, machines, expected, apiType }) => {
  let vcsim: Vcsim;
  let portal: PortalProcess;
  let server: Server;

  beforeAll(async () => {
    vcsim = await startVcsim({ model, machines });
    portal = await startPortal({ env: { CB_RECOVERY_TIMEOUT: '2' } });
    server = await portal.addServer({ name: `foreign ${model}`, host: vcsim.host, port: vcsim.port, user: 'root', password: 'anything' });
  });

  afterAll(async () => {
    await portal?.stop();
    await vcsim?.stop();
  });

  const first = async (): Promise<Machine> => {
    const [machine] = (await portal.machines(server.id)).toSorted((a, b) => a.name.localeCompare(b.name));
    if (machine === undefined) throw new Error('no machines');
    return machine;
  };
  const byMoid = async (moid: string): Promise<Machine | undefined> =>
    (await portal.machines(server.id)).find((machine) => machine.moid === moid);

  test('is loaded whole, with every figure that it has', async () => {
    const all = await portal.machines(server.id);
    expect(all).toHaveLength(expected);
    expect(server).toMatchObject({ state: 'live', api_type: apiType, vm_count: expected });
    for (const machine of all) {
      expect(machine).toMatchObject({ power_state: 'poweredOn', memory_mb: 32, num_cpu: 1, is_template: false, is_accessible: true });
      expect(machine.name).toMatch(/_VM\d+$/);
    }
  });

  test('shows a change made by somebody else within seconds', async () => {
    const machine = await first();
    await vcsim.call(
      `<ReconfigVM_Task xmlns="urn:vim25"><_this type="VirtualMachine">${machine.moid}</_this><spec><extraConfig xsi:type="OptionValue"><key>SET.guest.ipAddress</key><value xsi:type="xsd:string">10.20.30.40</value></extraConfig></spec></ReconfigVM_Task>`,
    );
    await eventually(async () => (await byMoid(machine.moid))?.guest_ip === '10.20.30.40', { what: 'the new address is shown' });
  });

  test('switches a machine off and on, and the journal says so', async () => {
    const machine = await first();
    expect(await portal.power(machine, 'power_off')).toMatchObject({
      state: 'succeeded',
      kind: expect.any(String),
      machine_name: machine.name,
    });
    await eventually(async () => (await byMoid(machine.moid))?.power_state === 'poweredOff', { what: 'it is shown as off' });
    expect(await portal.power(machine, 'power_on')).toMatchObject({ state: 'succeeded' });
    await eventually(async () => (await byMoid(machine.moid))?.power_state === 'poweredOn', { what: 'it is shown as on' });
  });

  test('is signed in to again when somebody ends our session', async () => {
    const { text, manager } = await sessions();
    const keys = [...text.matchAll(/<UserSession[^>]*><key>([^<]+)<\/key><userName>root<\/userName>/g)].map((match) => match[1]);
    expect(keys.length).toBeGreaterThan(0);
    for (const key of keys) {
      await vcsim.call(
        `<TerminateSession xmlns="urn:vim25"><_this type="SessionManager">${manager}</_this><sessionId>${key}</sessionId></TerminateSession>`,
      );
    }
    const machine = await first();
    await vcsim.call(
      `<ReconfigVM_Task xmlns="urn:vim25"><_this type="VirtualMachine">${machine.moid}</_this><spec><extraConfig xsi:type="OptionValue"><key>SET.guest.ipAddress</key><value xsi:type="xsd:string">10.20.30.41</value></extraConfig></spec></ReconfigVM_Task>`,
    );
    await eventually(async () => (await byMoid(machine.moid))?.guest_ip === '10.20.30.41', {
      what: 'news arrives in a new session',
      timeoutMs: 60_000,
    });
    expect(await portal.machines(server.id)).toHaveLength(expected);
  });

  test('keeps its machines on the page while it is gone, and comes back without a hand', async () => {
    await vcsim.kill();
    const gone = await eventually(
      async () => {
        const now = await portal.server(server.id);
        return now.state === 'stale' || now.state === 'unreachable' ? now : undefined;
      },
      { what: 'the loss is noticed' },
    );
    expect(gone.problem_code).not.toBeNull();
    const list = (await portal.request('GET', `/api/v1/servers/${server.id}/vms`)).body as {
      vms: Machine[];
      stale: boolean;
      cache_age: number;
      error: string | null;
    };
    expect(list.vms).toHaveLength(expected);
    expect(list.stale).toBe(true);
    expect(list.cache_age).toBeGreaterThanOrEqual(0);
    expect(list.error).not.toBeNull();
    await vcsim.restart();
    await eventually(async () => (await portal.server(server.id)).state === 'live', { what: 'it is live again', timeoutMs: 90_000 });
    expect(await portal.machines(server.id)).toHaveLength(expected);
  });

  test('is shown at once after our own process was killed, and then live again', async () => {
    await portal.restart('SIGKILL');
    const known = await portal.machines(server.id);
    expect(known).toHaveLength(expected);
    await eventually(async () => (await portal.server(server.id)).state === 'live', { what: 'it is live again', timeoutMs: 60_000 });
  });

  async function sessions(): Promise<{ readonly text: string; readonly manager: string }> {
    const manager = model === 'esx' ? 'ha-sessionmgr' : 'SessionManager';
    const collector = model === 'esx' ? 'ha-property-collector' : 'propertyCollector';
    const text = await vcsim.call(
      `<RetrievePropertiesEx xmlns="urn:vim25"><_this type="PropertyCollector">${collector}</_this><specSet><propSet><type>SessionManager</type><pathSet>sessionList</pathSet></propSet><objectSet><obj type="SessionManager">${manager}</obj></objectSet></specSet><options/></RetrievePropertiesEx>`,
    );
    return { text, manager };
  }
});
