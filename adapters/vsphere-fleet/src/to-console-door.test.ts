import { describe, expect, it } from 'vitest';
import { toConsoleDoor } from './to-console-door.ts';

const ticket = {
  host: 'esx.example',
  port: 443,
  path: '/ticket/abc',
  protocol: 'binary',
  isSameServer: true,
  sha256: null,
  sha1: 'AB:CD',
} as const;
const pinned = { host: 'ESX.example', pinnedSha256: 'PIN', verifySsl: false };
const verified = { host: 'esx.example', pinnedSha256: null, verifySsl: true };

describe('door of a console', () => {
  it('at the server itself shows the accepted certificate, whatever the ticket says', () => {
    expect(toConsoleDoor(ticket, pinned)).toEqual({
      host: 'ESX.example',
      port: 443,
      path: '/ticket/abc',
      protocol: 'binary',
      trust: { kind: 'sha256', fingerprint: 'PIN' },
    });
    expect(toConsoleDoor(ticket, verified).trust).toEqual({ kind: 'ca' });
  });

  it('at another host shows what the ticket says, the stronger fingerprint first', () => {
    const other = { ...ticket, isSameServer: false, host: 'node.example' };
    expect(toConsoleDoor(other, pinned)).toMatchObject({ host: 'node.example', trust: { kind: 'sha1', fingerprint: 'AB:CD' } });
    expect(toConsoleDoor({ ...other, sha256: 'EF' }, pinned).trust).toEqual({ kind: 'sha256', fingerprint: 'EF' });
    expect(toConsoleDoor({ ...other, sha1: null }, verified).trust).toEqual({ kind: 'ca' });
  });

  it('is refused when nothing vouches for it', () => {
    expect(() => toConsoleDoor({ ...ticket, isSameServer: false, sha1: null }, pinned)).toThrow(
      expect.objectContaining({ code: 'VSPHERE_CONSOLE_UNVERIFIABLE' }),
    );
  });
});
