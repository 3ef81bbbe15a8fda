import { ManualClock } from '@breakwater/kernel';
import { expect, test } from 'vitest';
import { createConsole } from './console.ts';
import type { LogLevel } from './event-text.ts';
import { createProgressView } from './progress-view.ts';

const EXPLANATION = { class: 'transient', code: 'apt.connect', cause: 'refused', hint: '', failedHosts: [], evidence: [] } as const;

function open({ isDrawn = false, level = 'info' }: { readonly isDrawn?: boolean; readonly level?: LogLevel } = {}) {
  const clock = new ManualClock();
  const written: string[] = [];
  const output = { write: (text: string) => written.push(text) };
  const console = createConsole({ output, messages: output }, { isJson: false, hasColors: false });
  const screen = isDrawn ? { columns: 80, write: (text: string) => void written.push(text) } : null;
  const view = createProgressView({ console, clock, level, screen });
  return { clock, view, last: () => written.at(-1) ?? '', all: () => written.join('') };
}

const started = { kind: 'step.started', stepId: 'packages/install', title: 'Install 3 packages' } as const;
const waiting = {
  kind: 'network.retry-scheduled',
  stepId: 'packages/install',
  service: 'apt_repository',
  title: 'apt',
  attempt: 1,
  attemptsLeft: 2,
  delayMs: 5_000,
  explanation: EXPLANATION,
} as const;

test('a terminal shows what runs, for how long, and counts down to the next attempt', async () => {
  const { clock, last, view } = open({ isDrawn: true });
  view.show(started);
  await clock.advance(3_000);
  expect(last()).toContain('packages/install: Install 3 packages  3.0 s');
  view.show(waiting);
  await clock.advance(2_000);
  expect(last()).toContain('next attempt in 3 s');
  for (const line of last().split('\n')) expect(line.length).toBeLessThan(80);
  view.close();
  const before = last();
  await clock.advance(2_000);
  expect(last()).toBe(before);
});

test('lines alone tell why it waits and who holds a lock, as much as is wanted', () => {
  const plain = open();
  plain.view.show(started);
  plain.view.show(waiting);
  plain.view.show({ kind: 'network.lock-waited', stepId: 'x', title: 'apt', holder: { pid: 7, name: 'unattended-upgr' }, waitedMs: 1 });
  expect(plain.all()).toContain('again in 5.0 s, 2 left');
  expect(plain.all()).toContain('unattended-upgr (process 7)');
  expect(plain.all()).not.toContain('\u001b');
  expect(plain.all()).not.toContain('Install 3 packages');
  const quiet = open({ level: 'error' });
  quiet.view.show(waiting);
  expect(quiet.all()).toBe('');
  const talkative = open({ level: 'debug' });
  talkative.view.show(started);
  expect(talkative.all()).toContain('Install 3 packages');
});
