import { createSeededRandom, ManualClock } from '@breakwater/kernel';
import { describe, expect, it } from 'vitest';
import { createMachine } from '../model/create-machines.ts';
import { planLayout } from '../model/layout.ts';
import type { Machine } from '../model/machine.ts';
import { GuestConsole } from './guest-console.ts';
import { TextScreen } from './text-screen.ts';

const ENTER = 0xff0d;
const BACKSPACE = 0xff08;

function bootingMachine(index = 0): { machine: Machine; console: GuestConsole } {
  const clock = new ManualClock();
  const layout = planLayout('esxi-8.0', { own: 'host', managed: [] });
  const machine = createMachine(index, { layout, count: 1, random: createSeededRandom(1), clock, isCenter: false, subnet: 20, site: '' });
  machine.life = { kind: 'booting', sinceMs: 0, bootedWallMs: clock.wall() };
  return { machine, console: new GuestConsole(machine, { bootMs: 10_000 }) };
}

const at = (nowMs: number) => ({ nowMs, wallMs: 1_767_225_600_000 + nowMs });

function type(console: GuestConsole, text: string, nowMs: number): void {
  for (const character of text) {
    console.press(character.charCodeAt(0), at(nowMs));
    console.release(character.charCodeAt(0));
  }
}

describe('text screen', () => {
  it('wraps at eighty columns and scrolls after twenty-five lines', () => {
    const screen = new TextScreen();
    screen.write(`${'x'.repeat(81)}\n`);
    for (let line = 0; line < 24; line++) screen.write(`line ${line}\n`);
    expect(screen.lines()[0]).toBe('line 0');
    expect(screen.lines()[23]).toBe('line 23');
    expect(screen.cursor).toEqual({ row: 24, column: 0 });
  });
});

describe('guest console', () => {
  it('prints its boot messages as time goes by, then asks for a name', () => {
    const { machine, console } = bootingMachine();
    console.advance(at(1_000));
    expect(console.screen.lines().filter((line) => line !== '')).toHaveLength(3);
    console.advance(at(9_999));
    expect(console.screen.lines().join('\n')).not.toContain('login:');
    machine.life = { kind: 'running', sinceMs: 0, bootedWallMs: 0, network: 'pending' };
    console.advance(at(10_000));
    expect(console.screen.lines().join('\n')).toContain('db-01 login:');
  });

  it('echoes a name with corrections, hides a password, and answers commands', () => {
    const { machine, console } = bootingMachine();
    machine.life = { kind: 'running', sinceMs: 0, bootedWallMs: 0, network: 'up' };
    type(console, 'adminx', 1);
    console.press(BACKSPACE, at(1));
    console.press(ENTER, at(1));
    type(console, 'geheim', 1);
    console.press(ENTER, at(1));
    type(console, 'constructor', 61_000);
    console.press(ENTER, at(61_000));
    type(console, 'uptime', 61_000);
    console.press(ENTER, at(61_000));
    const text = console.screen.lines().join('\n');
    expect(text).toContain('db-01 login: admin\nPassword:\n');
    expect(text).not.toContain('geheim');
    expect(text).toContain('constructor: command not found');
    expect(text).toContain('up 61 seconds');
  });

  it('restarts on Ctrl-Alt-Del, and takes the keys as released afterwards', () => {
    const { machine, console } = bootingMachine();
    machine.life = { kind: 'running', sinceMs: 0, bootedWallMs: 0, network: 'up' };
    console.press(0xffe3, at(1));
    console.press(0xffe9, at(1));
    expect(console.press(0xffff, at(1))).toBe('restart');
    for (const key of [0xffe3, 0xffe9, 0xffff]) console.release(key);
    expect(console.press(0x61, at(1))).toBe('stay');
    expect(console.screen.lines().join('\n')).toContain('login: a');
  });

  it('starts anew with every run of the machine', () => {
    const { machine, console } = bootingMachine();
    machine.life = { kind: 'running', sinceMs: 0, bootedWallMs: 0, network: 'up' };
    type(console, 'root', 1);
    machine.life = { kind: 'booting', sinceMs: 50_000, bootedWallMs: 50_000 };
    console.advance(at(50_000));
    expect(console.screen.lines().join('')).toBe('');
  });
});
