import { OpsError } from '@breakwater/kernel';
import { describe, expect, it } from 'vitest';
import { classifyVsphereOutcome } from './classify.ts';
import { createFaultError, createStatusError } from './session/errors.ts';

const judge = (error: unknown): string => classifyVsphereOutcome({ ok: false, error }).kind;
const coded = (code: string, details: Record<string, unknown> = {}): OpsError => new OpsError({ code, message: code, details });
const fault = (type: string): OpsError => createFaultError({ type, message: '', detail: {} }, 'PowerOnVM_Task');
const status = (code: number, headers = {}): OpsError => createStatusError({ status: code, statusText: '', headers }, 'GET /screen');

describe('classifyVsphereOutcome', () => {
  it('counts every answer as success', () => {
    expect(classifyVsphereOutcome({ ok: true, value: undefined })).toEqual({ kind: 'success' });
  });

  it.each([
    'InvalidPowerState',
    'NotAuthenticated',
    'InvalidLogin',
    'NoPermission',
    'TaskInProgress',
    'ManagedObjectNotFound',
    'HostNotConnected',
    'TooManyHosts',
    'RequestCanceled',
  ])('does not count the fault %s as load: a server that refuses works', (type) => expect(judge(fault(type))).toBe('ignored'));

  it.each([
    'VSPHERE_INVALID_LOGIN',
    'VSPHERE_SESSION_EXPIRED',
    'VSPHERE_VERSION_UNSUPPORTED',
    'VSPHERE_CALL_INVALID',
    'TRANSPORT_CERTIFICATE_CHANGED',
    'TRANSPORT_CERTIFICATE_UNTRUSTED',
    'RESILIENCE_CIRCUIT_OPEN',
  ])('does not count %s', (code) => expect(judge(coded(code))).toBe('ignored'));

  it('counts what an overloaded host does: broken connections, handshakes and pages', () => {
    for (const code of [
      'TRANSPORT_RESET',
      'TRANSPORT_REFUSED',
      'TRANSPORT_TLS_FAILED',
      'TRANSPORT_UNREACHABLE',
      'VSPHERE_NOT_XML',
      'VSPHERE_NOT_SOAP',
      'VSPHERE_SCREEN_INVALID',
    ]) {
      expect(classifyVsphereOutcome({ ok: false, error: coded(code) })).toEqual({ kind: 'failure', transient: true });
    }
    expect(judge(new Error('socket hang up'))).toBe('failure');
    expect(judge(fault('SystemError'))).toBe('failure');
    expect(judge(status(502))).toBe('failure');
  });

  it('takes 503 as a wish for less, with the time the server names', () => {
    expect(classifyVsphereOutcome({ ok: false, error: status(503) })).toEqual({ kind: 'throttled' });
    expect(classifyVsphereOutcome({ ok: false, error: status(503, { 'retry-after': '3' }) })).toEqual({
      kind: 'throttled',
      retryAfterMs: 3_000,
    });
    expect(judge(status(429))).toBe('throttled');
    expect(judge(fault('VimSessionOverLoad'))).toBe('throttled');
  });

  it('tells silence, our own giving up and answers that are too large apart', () => {
    expect(judge(coded('TRANSPORT_TIMEOUT'))).toBe('timeout');
    expect(judge(coded('TRANSPORT_CANCELED'))).toBe('canceled');
    expect(judge(coded('VSPHERE_CLOSED'))).toBe('canceled');
    expect(judge(new DOMException('aborted', 'AbortError'))).toBe('canceled');
    expect(classifyVsphereOutcome({ ok: false, error: coded('VSPHERE_ANSWER_TOO_LARGE') })).toEqual({ kind: 'failure', transient: false });
  });

  it('does not count a status that is about one object', () => {
    expect(judge(status(404))).toBe('ignored');
    expect(judge(status(403))).toBe('ignored');
  });
});
