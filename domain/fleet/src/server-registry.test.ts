import { OpsError, toMoid, toServerId } from '@breakwater/kernel';
import { describe, expect, it } from 'vitest';
import { FAILED_TEST } from './testing/fake-links.ts';
import { createFacts, createFleetBed, createInput, createRecord, loaded, startWith } from './testing/fleet-bed.ts';

const PIN = Array.from({ length: 32 }, () => 'AB').join(':');
const certificate = { sha256: PIN, sha1: 'CD', subject: 'CN=esx', issuer: 'CN=esx', validFrom: 'a', validTo: 'b' };
const shown = {
  ...FAILED_TEST,
  success: true,
  certificate: { sha256: PIN, sha1: 'CD', subject: 'CN=esx', issuer: 'CN=esx', valid_from: 'a', valid_to: 'b' },
};

describe('registry of servers', () => {
  it('adds a server, opens its link with the password, and never shows the password', async () => {
    const { fleet, servers, links, events } = createFleetBed();
    await fleet.start();
    const server = await fleet.addServer(createInput());
    expect(server).toMatchObject({ state: 'connecting', has_password: true });
    expect(JSON.stringify([fleet.servers(), events])).not.toContain('right');
    expect(servers.passwords.get(toServerId(server.id))).toBe('right');
    expect(links.of(server.id).credentials.password.reveal()).toBe('right');
  });

  it('refuses a second entry for the same address', async () => {
    const { fleet } = createFleetBed();
    await fleet.start();
    await fleet.addServer(createInput());
    await expect(fleet.addServer(createInput({ host: 'ESX.example', name: 'twin' }))).rejects.toMatchObject({
      code: 'FLEET_SERVER_EXISTS',
    });
    await fleet.addServer(createInput({ port: 8443 }));
    expect(fleet.servers()).toHaveLength(2);
  });

  it.each([{ host: 'evil.example' }, { port: 444 }, { user: 'admin' }])(
    'asks for the password again when %j changes, and sends nothing before it comes',
    async (change) => {
      const { fleet, links, servers, id } = await startWith([createFacts('1')], { records: [createRecord('a')] });
      for (const password of [undefined, '']) {
        await expect(fleet.updateServer(id, password === undefined ? change : { ...change, password })).rejects.toMatchObject({
          code: 'FLEET_PASSWORD_REQUIRED',
        });
      }
      expect(links.opened).toHaveLength(1);
      expect(servers.records.get(id)).toEqual(createRecord('a'));
      await fleet.updateServer(id, { ...change, password: 'new' });
      expect(links.opened).toHaveLength(2);
      expect(links.of(id).credentials.password.reveal()).toBe('new');
    },
  );

  it('forgets machines, saved copy and pin of the old address when the address changes', async () => {
    const bed = await startWith([createFacts('1')], { records: [createRecord('a', { pinnedSha256: PIN })] });
    await bed.clock.advance(60_000);
    expect(bed.inventory.saved.size).toBe(1);
    await bed.fleet.updateServer(bed.id, { host: 'other.example', password: 'new' });
    await bed.settle();
    expect(bed.fleet.server(bed.id)).toMatchObject({ pinned_sha256: null, vm_count: 0, data_at: null, state: 'connecting' });
    expect(bed.fleet.machines()).toHaveLength(0);
    expect(bed.inventory.saved.size).toBe(0);
    expect(bed.events).toContainEqual({ kind: 'machine.removed', ref: { serverId: bed.id, moid: '1' } });
  });

  it('keeps the link when only the name changes, and makes a new one for a new password', async () => {
    const { fleet, links, events, id } = await startWith([createFacts('1')]);
    await fleet.updateServer(id, { name: 'Production', password: '' });
    expect(links.opened).toHaveLength(1);
    expect(events.at(-1)).toMatchObject({ kind: 'server.changed', server: { name: 'Production' } });
    await fleet.updateServer(id, { password: 'rotated' });
    expect(links.opened).toHaveLength(2);
    expect(links.opened[0]?.calls).toContain('close');
    expect(fleet.machines()).toHaveLength(1);
  });

  it('keeps what was known of a paused or disabled server, closes its link, and goes on later', async () => {
    const { fleet, links, link, settle, id } = await startWith([createFacts('1')]);
    await fleet.updateServer(id, { paused: true });
    expect(fleet.server(id)).toMatchObject({ state: 'paused', vm_count: 1 });
    expect(links.opened[0]?.calls).toContain('close');
    expect(fleet.machineList(id)).toMatchObject({ stale: true, vms: [{ moid: '1' }] });
    await expect(fleet.retryServer(id, { actor: 'ann' })).rejects.toThrow(expect.objectContaining({ code: 'FLEET_SERVER_PAUSED' }));
    await fleet.updateServer(id, { enabled: false });
    expect(fleet.server(id).state).toBe('disabled');
    await fleet.updateServer(id, { enabled: true, paused: false });
    link(id).emit(loaded([createFacts('1')]));
    await settle();
    expect(fleet.server(id).state).toBe('live');
  });

  it('changes nothing when the change cannot be written down', async () => {
    const { fleet, links, servers, id } = await startWith([createFacts('1')]);
    servers.failure = new Error('ENOSPC');
    await expect(fleet.updateServer(id, { paused: true })).rejects.toThrow('ENOSPC');
    await expect(fleet.removeServer(id)).rejects.toThrow('ENOSPC');
    await expect(fleet.addServer(createInput())).rejects.toThrow('ENOSPC');
    expect(fleet.server(id)).toMatchObject({ state: 'live', paused: false });
    expect(fleet.servers()).toHaveLength(1);
    expect(links.opened).toHaveLength(1);
  });

  it('removes a server with everything that was kept of it', async () => {
    const { fleet, links, servers, inventory, events, clock, id } = await startWith([createFacts('1')]);
    await clock.advance(60_000);
    await fleet.removeServer(id);
    expect(fleet.servers()).toHaveLength(0);
    expect(servers.records.size + servers.passwords.size + inventory.saved.size).toBe(0);
    expect(links.opened[0]?.calls).toContain('close');
    expect(events.at(-1)).toEqual({ kind: 'server.removed', id });
    expect(() => fleet.server(id)).toThrow(expect.objectContaining({ code: 'FLEET_SERVER_UNKNOWN' }));
  });

  it('says that the password is missing when it cannot be read, and connects once it is given', async () => {
    const { fleet, servers, links } = createFleetBed({ records: [createRecord('a')] });
    servers.passwords.clear();
    await fleet.start();
    const id = toServerId('a');
    expect(fleet.server(id)).toMatchObject({ state: 'sign_in_failed', problem_code: 'FLEET_PASSWORD_MISSING', has_password: false });
    await fleet.updateServer(id, { password: 'again' });
    expect(links.of('a').credentials.password.reveal()).toBe('again');
    expect(fleet.server(id)).toMatchObject({ state: 'connecting', has_password: true });
  });

  it('shows why an entry cannot be opened, and lets it hold up no other', async () => {
    const { fleet, links } = createFleetBed({ records: [createRecord('a'), createRecord('b')] });
    links.refusal = { name: 'a', error: new OpsError({ code: 'TRANSPORT_ORIGIN_INVALID', message: 'No such address.' }) };
    await fleet.start();
    expect(fleet.server(toServerId('a'))).toMatchObject({ state: 'unreachable', problem_code: 'TRANSPORT_ORIGIN_INVALID', retry_at: null });
    await expect(fleet.retryServer(toServerId('a'), { actor: 'ann' })).rejects.toThrow(
      expect.objectContaining({ code: 'FLEET_LINK_REFUSED' }),
    );
    expect(links.opened.map(({ record }) => record.id)).toEqual(['b']);
    links.refusal = null;
    await fleet.updateServer(toServerId('a'), { password: 'again' });
    expect(fleet.server(toServerId('a')).state).toBe('connecting');
  });

  it('tests a stored server with its password and a candidate with its own', async () => {
    const { fleet, links, id } = await startWith([]);
    const { signal } = new AbortController();
    await fleet.testServer(id, { signal });
    await fleet.testCandidate(createInput({ host: 'new.example', password: 'candidate' }), { signal });
    expect(links.tested.map(({ record, credentials }) => [record.host, credentials.password.reveal()])).toEqual([
      ['esx-01.example', 'right'],
      ['new.example', 'candidate'],
    ]);
  });

  it('does not try a refused sign-in again until a person says so', async () => {
    const { fleet, clock, link, id } = await startWith([createFacts('1')]);
    link(id).emit({ kind: 'lost', trouble: { kind: 'sign-in-failed', code: 'VSPHERE_INVALID_LOGIN', message: 'Wrong.' }, retryInMs: null });
    await clock.advance(3_600_000);
    expect(fleet.server(id)).toMatchObject({ state: 'sign_in_failed', retry_at: null, problem_code: 'VSPHERE_INVALID_LOGIN' });
    expect(link(id).calls).not.toContain('retryNow');
    await fleet.retryServer(id, { actor: 'ann' });
    expect(link(id).calls).toContain('retryNow');
    expect(fleet.server(id).state).toBe('connecting');
  });
});

describe('trust', () => {
  it('blocks a changed certificate, shows it, and goes on with the pin that a person accepted', async () => {
    const bed = await startWith([createFacts('1')], { records: [createRecord('a', { pinnedSha256: 'OLD' })] });
    const { fleet, links, id } = bed;
    links.of(id).emit({ kind: 'lost', trouble: { kind: 'certificate-changed', certificate }, retryInMs: null });
    await bed.settle();
    expect(fleet.server(id)).toMatchObject({
      state: 'certificate_changed',
      problem_code: 'FLEET_CERTIFICATE_CHANGED',
      offered_certificate: { sha256: PIN, sha1: 'CD', valid_to: 'b' },
      vm_count: 1,
    });
    links.answer = shown;
    expect(await fleet.trustServer(id, PIN)).toMatchObject({ state: 'connecting', pinned_sha256: PIN, offered_certificate: null });
    expect(links.of(id).record.pinnedSha256).toBe(PIN);
    expect(bed.servers.records.get(id)?.pinnedSha256).toBe(PIN);
    expect(bed.servers.passwords.get(id)).toBe('right');
  });

  it('replaces the demand for a known authority, which the accepted certificate does not meet', async () => {
    const bed = await startWith([], { records: [createRecord('a', { verifySsl: true })] });
    bed.links.answer = shown;
    expect(await bed.fleet.trustServer(bed.id, PIN)).toMatchObject({ verify_ssl: false, pinned_sha256: PIN });
  });

  it('does not wait for ever for a certificate', async () => {
    const { fleet, links, clock, id } = await startWith([]);
    links.answer = shown;
    links.isProbeHanging = true;
    const trusted = Promise.allSettled([fleet.trustServer(id, PIN)]);
    await clock.advance(20_000);
    expect(await trusted).toMatchObject([{ status: 'rejected', reason: { code: 'FLEET_PROBE_TIMEOUT' } }]);
    expect(fleet.server(id).pinned_sha256).toBeNull();
  });

  it('refuses to pin what the server does not show now', async () => {
    const { fleet, links, servers, id } = await startWith([]);
    links.answer = shown;
    await expect(fleet.trustServer(id, PIN.replaceAll('AB', '00'))).rejects.toMatchObject({ code: 'FLEET_CERTIFICATE_MISMATCH' });
    links.answer = FAILED_TEST;
    await expect(fleet.trustServer(id, PIN)).rejects.toMatchObject({ code: 'TRANSPORT_CONNECT_FAILED' });
    expect(servers.records.get(id)?.pinnedSha256).toBeNull();
    expect(links.opened).toHaveLength(1);
  });
});

describe('consoles', () => {
  const door = { host: 'esx-01.example', port: 443, path: '/ticket/abc', protocol: 'binary', trust: { kind: 'ca' } } as const;
  const { signal } = new AbortController();

  it('are opened at the configured host', async () => {
    const { fleet, link, id } = await startWith([createFacts('1')]);
    link(id).door = { ...door, host: 'ESX-01.example.' };
    expect(await fleet.openConsole({ serverId: id, moid: toMoid('1') }, { signal })).toMatchObject({ path: '/ticket/abc' });
  });

  it('are refused at any other host, unless a vCenter has it in its inventory', async () => {
    const { fleet, link, settle, id } = await startWith([createFacts('1', { hostName: 'node-7.example' })]);
    const ref = { serverId: id, moid: toMoid('1') };
    link(id).door = { ...door, host: 'node-7.example' };
    await expect(fleet.openConsole(ref, { signal })).rejects.toMatchObject({ code: 'FLEET_CONSOLE_TARGET_REFUSED' });
    link(id).emit(
      loaded([createFacts('1', { hostName: 'node-7.example' })], {
        fullName: 'VMware vCenter Server 8.0.2',
        version: '8.0.2',
        build: '1',
        apiType: 'VirtualCenter',
        instanceUuid: null,
      }),
    );
    await settle();
    expect(await fleet.openConsole(ref, { signal })).toMatchObject({ host: 'node-7.example' });
    link(id).door = { ...door, host: '169.254.169.254' };
    await expect(fleet.openConsole(ref, { signal })).rejects.toMatchObject({ code: 'FLEET_CONSOLE_TARGET_REFUSED' });
  });

  it('are refused while the machine is off', async () => {
    const { fleet, id } = await startWith([createFacts('1', { powerState: 'suspended' })]);
    await expect(fleet.openConsole({ serverId: id, moid: toMoid('1') }, { signal })).rejects.toMatchObject({ code: 'FLEET_MACHINE_OFF' });
  });
});
