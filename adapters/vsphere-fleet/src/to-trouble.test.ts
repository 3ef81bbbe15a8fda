import { OpsError } from '@breakwater/kernel';
import { describe, expect, it } from 'vitest';
import { isForPeople, toTrouble } from './to-trouble.ts';

const certificate = { sha256: 'AA', sha1: 'BB', subject: 'CN=x', issuer: 'CN=x', validFrom: 'a', validTo: 'b' };
const error = (code: string, details: Readonly<Record<string, unknown>> = {}) =>
  new OpsError({ code, message: `text of ${code}`, details });

describe('trouble of a server', () => {
  it.each([
    ['TRANSPORT_REFUSED', 'unreachable'],
    ['TRANSPORT_TIMEOUT', 'unreachable'],
    ['VSPHERE_NOT_SOAP', 'unreachable'],
    ['VSPHERE_UNAVAILABLE', 'overloaded'],
    ['RESILIENCE_CIRCUIT_OPEN', 'overloaded'],
    ['VSPHERE_INVALID_LOGIN', 'sign-in-failed'],
  ])('%s is %s, with its code and text', (code, kind) => {
    expect(toTrouble(error(code))).toEqual({ kind, code, message: `text of ${code}` });
  });

  it('shows the certificate that a person has to look at', () => {
    expect(toTrouble(error('TRANSPORT_CERTIFICATE_CHANGED', { certificate }))).toEqual({ kind: 'certificate-changed', certificate });
    expect(toTrouble(error('TRANSPORT_CERTIFICATE_UNTRUSTED', { certificate }))).toEqual({ kind: 'certificate-untrusted', certificate });
  });

  it('is never hidden, whatever was thrown', () => {
    expect(toTrouble('odd')).toEqual({ kind: 'unreachable', code: 'VSPHERE_FLEET_FAILED', message: 'odd' });
    expect(toTrouble(error('TRANSPORT_CERTIFICATE_CHANGED'))).toMatchObject({ kind: 'unreachable', code: 'TRANSPORT_CERTIFICATE_CHANGED' });
  });

  it('waits for a person only where nobody else can help', () => {
    expect(isForPeople(toTrouble(error('VSPHERE_INVALID_LOGIN')))).toBe(true);
    expect(isForPeople(toTrouble(error('TRANSPORT_CERTIFICATE_CHANGED', { certificate })))).toBe(true);
    expect(isForPeople(toTrouble(error('TRANSPORT_REFUSED')))).toBe(false);
  });
});
