import { formatInstant } from '@breakwater/kernel';
import type { Machine } from '../model/machine.ts';
import { bootLines } from './boot-lines.ts';
import { TextScreen } from './text-screen.ts';

export interface Instants {
  readonly nowMs: number;
  readonly wallMs: number;
}

export interface PointerState {
  readonly x: number;
  readonly y: number;
  readonly buttons: number;
}

type Stage =
  | { readonly kind: 'booting'; readonly printed: number }
  | { readonly kind: 'login' }
  | { readonly kind: 'password'; readonly user: string }
  | { readonly kind: 'shell'; readonly user: string };

const KEY_BACKSPACE = 0xff08;
const KEY_ENTER = 0xff0d;
const KEY_KEYPAD_ENTER = 0xff8d;
const KEY_DELETE = 0xffff;
const KEY_CONTROL: ReadonlySet<number> = new Set([0xffe3, 0xffe4]);
const KEY_ALT: ReadonlySet<number> = new Set([0xffe9, 0xffea]);
const LINE_LIMIT = 60;

/**
 * The guest behind a console: it boots, asks for a name, takes a password unseen and offers a small shell. Time is told to it on every
 * touch, so that thousands of machines cost nothing while nobody looks.
 */
export class GuestConsole {
  readonly screen = new TextScreen();
  readonly #machine: Machine;
  readonly #bootMs: number;
  readonly #held = new Set<number>();
  #stage: Stage = { kind: 'booting', printed: 0 };
  #input = '';
  /** Start of the run that is on the screen. */
  #runSinceMs: number | undefined;
  pointer: PointerState = { x: -1, y: -1, buttons: 0 };
  /** Text typed into the window of a desktop. */
  note = '';

  constructor(machine: Machine, options: { readonly bootMs: number }) {
    this.#machine = machine;
    this.#bootMs = options.bootMs;
  }

  /** 0 to 1 while starting, undefined once up. */
  bootShare(nowMs: number): number | undefined {
    const { life } = this.#machine;
    return life.kind === 'booting' ? Math.min(1, (nowMs - life.sinceMs) / this.#bootMs) : undefined;
  }

  /** Brings the screen to this instant. */
  advance(at: Instants): void {
    const { life, identity } = this.#machine;
    if (life.kind !== 'booting' && life.kind !== 'running') return;
    if (this.#runSinceMs !== life.sinceMs) this.#startRun(life.sinceMs);
    if (this.#stage.kind !== 'booting') return;
    const lines = bootLines(identity);
    const due =
      life.kind === 'running'
        ? lines.length
        : Math.min(lines.length, Math.floor(((at.nowMs - life.sinceMs) / this.#bootMs) * lines.length));
    for (let index = this.#stage.printed; index < due; index++) this.screen.write(`${lines[index] ?? ''}\n`);
    this.#stage = { kind: 'booting', printed: due };
    if (life.kind === 'running') this.#askName();
  }

  /** A key goes down; `keysym` as X11 numbers them. Answers whether the guest restarts (Ctrl-Alt-Del). */
  press(keysym: number, at: Instants): 'restart' | 'stay' {
    this.advance(at);
    this.#held.add(keysym);
    if (keysym === KEY_DELETE && isHeld(this.#held, KEY_CONTROL) && isHeld(this.#held, KEY_ALT))
      return this.#machine.identity.console === 'text' ? 'restart' : 'stay';
    if (isHeld(this.#held, KEY_CONTROL) || isHeld(this.#held, KEY_ALT)) return 'stay';
    if (keysym === KEY_BACKSPACE) this.#erase();
    else if (keysym === KEY_ENTER || keysym === KEY_KEYPAD_ENTER) this.#enter(at);
    else this.#type(toCharacter(keysym));
    return 'stay';
  }

  release(keysym: number): void {
    this.#held.delete(keysym);
  }

  #startRun(sinceMs: number): void {
    this.#runSinceMs = sinceMs;
    this.#stage = { kind: 'booting', printed: 0 };
    this.#input = '';
    this.note = '';
    this.screen.clear();
  }

  #askName(): void {
    const { identity } = this.#machine;
    this.#stage = { kind: 'login' };
    this.screen.write(`\n${identity.guestFullName} ${identity.hostName} tty1\n\n${identity.hostName} login: `);
  }

  #type(character: string): void {
    if (character === '') return;
    if (this.#machine.identity.console === 'desktop') {
      this.note = (this.note + character).slice(-400);
      return;
    }
    if (this.#stage.kind === 'booting' || this.#input.length >= LINE_LIMIT) return;
    this.#input += character;
    if (this.#stage.kind !== 'password') this.screen.write(character);
  }

  #erase(): void {
    if (this.#machine.identity.console === 'desktop') {
      this.note = this.note.slice(0, -1);
      return;
    }
    if (this.#input === '') return;
    this.#input = this.#input.slice(0, -1);
    if (this.#stage.kind !== 'password') this.screen.write('\b');
  }

  #enter(at: Instants): void {
    if (this.#machine.identity.console === 'desktop') {
      this.note += '\n';
      return;
    }
    const line = this.#input.trim();
    this.#input = '';
    const stage = this.#stage;
    if (stage.kind === 'booting') return;
    this.screen.write('\n');
    if (stage.kind === 'login') {
      if (line === '') this.screen.write(`${this.#machine.identity.hostName} login: `);
      else {
        this.#stage = { kind: 'password', user: line };
        this.screen.write('Password: ');
      }
    } else if (stage.kind === 'password') {
      this.#stage = { kind: 'shell', user: stage.user };
      this.screen.write(`Last login: ${formatInstant(at.wallMs).slice(0, 19).replace('T', ' ')} UTC on tty1\n`);
      this.#prompt(stage.user);
    } else this.#run(line, { at, user: stage.user });
  }

  #prompt(user: string): void {
    this.screen.write(`${user}@${this.#machine.identity.hostName}:~$ `);
  }

  #run(line: string, use: { readonly at: Instants; readonly user: string }): void {
    const { identity, life } = this.#machine;
    const [command = '', ...rest] = line.split(/\s+/);
    if (command === 'exit' || command === 'logout') {
      this.screen.clear();
      this.#askName();
      return;
    }
    if (command === 'clear') this.screen.clear();
    else if (command !== '') {
      const upSeconds = life.kind === 'running' ? Math.floor((use.at.nowMs - life.sinceMs) / 1_000) : 0;
      const answers: Readonly<Record<string, string>> = {
        hostname: identity.hostName,
        whoami: use.user,
        date: `${formatInstant(use.at.wallMs).slice(0, 19).replace('T', ' ')} UTC`,
        uptime: `up ${upSeconds} seconds, load average: ${(this.#machine.load.cpuMhz / identity.cpuMhzPerCore).toFixed(2)}`,
        echo: rest.join(' '),
        ip: `2: eth0: inet ${identity.ipv4}/24  link/ether ${identity.mac}`,
        free: `Mem: ${identity.memoryMb} MB total, ${this.#machine.load.activeMb} MB active`,
        help: 'hostname whoami date uptime echo ip free clear exit',
      };
      this.screen.write(`${Object.hasOwn(answers, command) ? answers[command] : `-bash: ${command}: command not found`}\n`);
    }
    this.#prompt(use.user);
  }
}

const isHeld = (held: ReadonlySet<number>, keys: ReadonlySet<number>): boolean => [...keys].some((key) => held.has(key));

/** Latin keysyms are code points; others of Unicode carry 0x01000000. */
function toCharacter(keysym: number): string {
  if ((keysym >= 0x20 && keysym <= 0x7e) || (keysym >= 0xa0 && keysym <= 0xff)) return String.fromCharCode(keysym);
  if (keysym >= 0x01000100 && keysym <= 0x0110ffff) return String.fromCodePoint(keysym - 0x01000000);
  return '';
}
