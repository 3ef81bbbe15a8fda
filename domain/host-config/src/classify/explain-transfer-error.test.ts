import { OpsError } from '@breakwater/kernel';
import { expect, test } from 'vitest';
import { explainTransferError } from './explain-transfer-error.ts';

/** 2026-01-01T00:00:00Z. */
const wallMs = 1_767_225_600_000;
const explainStatus = (status: number, retryAfter?: string) =>
  explainTransferError(
    new OpsError({ code: 'HOST_DOWNLOAD_STATUS', message: 'No.', details: { url: 'https://Example.org/x', status, retryAfter } }),
    { wallMs },
  );

test.each([
  [408, 'transient'],
  [425, 'transient'],
  [500, 'transient'],
  [504, 'transient'],
  [429, 'throttled'],
  [503, 'transient'],
  [401, 'permanent'],
  [403, 'permanent'],
  [404, 'permanent'],
])('status %i is %s, and the host is named', (status, failureClass) => {
  expect(explainStatus(status)).toMatchObject({ class: failureClass, failedHosts: ['example.org'] });
});

test.each([
  ['120', 120_000],
  ['Thu, 01 Jan 2026 00:01:30 GMT', 90_000],
  ['Wed, 31 Dec 2025 00:00:00 GMT', 0],
  ['soon', undefined],
  ['-5', undefined],
])('Retry-After %s asks for %s ms', (text, expected) => {
  expect(explainStatus(429, text)?.retryAfterMs).toBe(expected);
});

test('503 asks for patience only when it says for how long', () => {
  expect(explainStatus(503, '7')).toMatchObject({ class: 'throttled', code: 'http.throttle', retryAfterMs: 7_000 });
  expect(explainStatus(503, 'soon')).toMatchObject({ class: 'transient', code: 'http.5xx' });
});

test('trust is security, the disk is local, and what is no transfer is not explained', () => {
  const classOf = (code: string) => explainTransferError(new OpsError({ code, message: 'No.' }), { wallMs })?.class;
  expect(classOf('TRANSPORT_CERTIFICATE_UNTRUSTED')).toBe('security');
  expect(classOf('TRANSPORT_TLS_FAILED')).toBe('security');
  expect(classOf('HOST_DOWNLOAD_WRITE')).toBe('local');
  expect(classOf('TRANSPORT_RESET')).toBe('transient');
  expect(classOf('HOST_FILE_KIND')).toBeUndefined();
  expect(explainTransferError(new Error('defect'), { wallMs })).toBeNull();
});
