import { OpsError, toMoid } from '@breakwater/kernel';
import { describe, expect, it } from 'vitest';
import { FakeServer, property, soapFault, soapReply } from '../testing/fake-server.ts';
import { makeClient } from '../testing/make-client.ts';
import { toConsoleTicket } from './console-ticket.ts';

const SHA1 = Array.from({ length: 20 }, () => 'AB').join(':');
const SHA256 = Array.from({ length: 32 }, () => 'CD').join(':');
const own = { origin: 'https://esx1.lab.test', hostNames: new Set<string>() };
const vCenter = { origin: 'https://vc.lab.test:8443', hostNames: new Set(['esx7.lab.test']) };

const codeOf = (act: () => unknown): string => {
  try {
    act();
    return 'fine';
  } catch (error) {
    return error instanceof OpsError ? error.code : String(error);
  }
};

const textOf = (act: () => unknown): string => {
  try {
    act();
    return 'fine';
  } catch (error) {
    return `${String(error)} ${JSON.stringify(error)}`;
  }
};

describe('toConsoleTicket', () => {
  it('leads to the configured address when a standalone host names none or only its short name', () => {
    expect(toConsoleTicket({ ticket: 'a1/b2', sslThumbprint: SHA1 }, own)).toEqual({
      host: 'esx1.lab.test',
      port: 443,
      path: '/ticket/a1%2Fb2',
      protocol: 'binary',
      isSameServer: true,
      sha1: SHA1,
      sha256: null,
    });
    expect(toConsoleTicket({ ticket: 't', host: 'esx1', port: 443 }, own).host).toBe('esx1.lab.test');
  });

  it('leads to the host that a vCenter names, if that is in its inventory', () => {
    expect(toConsoleTicket({ ticket: 't', host: 'ESX7.lab.test', port: 443 }, vCenter)).toMatchObject({
      host: 'esx7.lab.test',
      port: 443,
      isSameServer: false,
    });
    expect(toConsoleTicket({ ticket: 't', host: 'vc.lab.test' }, vCenter)).toMatchObject({
      host: 'vc.lab.test',
      port: 8_443,
      isSameServer: true,
    });
  });

  it('refuses to lead anywhere else', () => {
    expect(codeOf(() => toConsoleTicket({ ticket: 't', host: '169.254.169.254' }, vCenter))).toBe('VSPHERE_CONSOLE_HOST_UNKNOWN');
    expect(codeOf(() => toConsoleTicket({ url: 'wss://evil.test/ticket/t' }, vCenter))).toBe('VSPHERE_CONSOLE_HOST_UNKNOWN');
  });

  it('prefers the address that the server writes out', () => {
    const ticket = { ticket: 'old', url: 'wss://esx7.lab.test:902/ticket/new', host: 'other' };
    expect(toConsoleTicket(ticket, vCenter)).toMatchObject({ host: 'esx7.lab.test', port: 902, path: '/ticket/new' });
  });

  it('refuses a ticket that is none, without repeating it', () => {
    for (const ticket of [
      undefined,
      {},
      { ticket: '' },
      { url: 'no url with secret-ticket' },
      { url: 'https://esx7.lab.test/ticket/secret-ticket' },
      { url: 'wss://esx7.lab.test/other' },
    ]) {
      expect(codeOf(() => toConsoleTicket(ticket, vCenter))).toBe('VSPHERE_CONSOLE_TICKET_INVALID');
    }
    expect(textOf(() => toConsoleTicket({ url: 'no url with secret-ticket' }, vCenter))).not.toContain('secret-ticket');
  });

  it('takes fingerprints in any writing, and no others', () => {
    const list = [
      { thumbprint: SHA1, hashAlgorithm: 'SHA-1' },
      { thumbprint: SHA256.replaceAll(':', '').toLowerCase(), hashAlgorithm: 'sha256' },
    ];
    expect(toConsoleTicket({ ticket: 't', certThumbprintList: list, sslThumbprint: 'AB:CD' }, own)).toMatchObject({
      sha256: SHA256,
      sha1: null,
    });
  });
});

describe('acquireConsoleTicket', () => {
  const signal = new AbortController().signal;

  it('asks a standalone host for nothing but the ticket', async () => {
    const server = new FakeServer().on('AcquireTicket', () =>
      soapReply('AcquireTicket', '<returnval><ticket>abc</ticket><cfgFile>x.vmx</cfgFile></returnval>'),
    );
    const { client } = makeClient(server);
    expect(await client.machine(toMoid('12')).acquireConsoleTicket({ signal })).toMatchObject({
      host: 'esx1.lab.test',
      path: '/ticket/abc',
    });
    expect(server.sent('AcquireTicket')[0]).toContain('<ticketType>webmks</ticketType>');
    expect(server.requests.at(-1)).toMatchObject({ priority: 'critical' });
    expect(server.sent('RetrievePropertiesEx')).toHaveLength(0);
  });

  it('knows the hosts of a vCenter before it takes the ticket', async () => {
    const server = new FakeServer({ apiType: 'VirtualCenter' })
      .on('RetrievePropertiesEx', () =>
        soapReply(
          'RetrievePropertiesEx',
          `<returnval><objects><obj type="HostSystem">host-9</obj><propSet>${property('name', 'xsd:string', 'esx9.lab.test')}</propSet></objects></returnval>`,
        ),
      )
      .on('AcquireTicket', () =>
        soapReply('AcquireTicket', '<returnval><ticket>abc</ticket><host>esx9.lab.test</host><port>443</port></returnval>'),
      );
    const { client } = makeClient(server);
    expect(await client.machine(toMoid('vm-1')).acquireConsoleTicket({ signal })).toMatchObject({
      host: 'esx9.lab.test',
      isSameServer: false,
    });
    expect(server.operations().indexOf('RetrievePropertiesEx')).toBeLessThan(server.operations().indexOf('AcquireTicket'));
  });

  it('says when the consoles of a machine are all taken, and when it is off', async () => {
    const server = new FakeServer().script(
      'AcquireTicket',
      soapFault('MksConnectionLimitReached', { fields: '<connectionLimit>1</connectionLimit>' }),
      soapFault('InvalidPowerState', { fields: '<existingState>poweredOff</existingState>' }),
    );
    const machine = makeClient(server).client.machine(toMoid('12'));
    await expect(machine.acquireConsoleTicket({ signal })).rejects.toMatchObject({
      code: 'VSPHERE_CONSOLE_LIMIT',
      details: { connectionLimit: 1 },
    });
    await expect(machine.acquireConsoleTicket({ signal })).rejects.toMatchObject({
      code: 'VSPHERE_INVALID_POWER_STATE',
      details: { existingState: 'poweredOff' },
    });
  });
});
