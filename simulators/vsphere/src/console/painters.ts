import { formatInstant } from '@breakwater/kernel';
import type { Machine } from '../model/machine.ts';
import { Framebuffer } from './framebuffer.ts';
import type { GuestConsole, Instants } from './guest-console.ts';
import { COLUMNS, ROWS } from './text-screen.ts';

/** Draws a guest's state; draws only what differs from what it drew before. */
export interface Painter {
  readonly picture: Framebuffer;
  paint(at: Instants): void;
}

const CELL_WIDTH = 9;
const CELL_HEIGHT = 16;
const INK = 0xc8ccd0;
const GREEN = 0x5fd38a;
const PAPER = 0x000000;
const BLINK_MS = 500;

/** Text modes of PCs: 720 by 400 pixels, cells of nine by sixteen. */
export function createTextPainter(console: GuestConsole): Painter {
  const picture = new Framebuffer(COLUMNS * CELL_WIDTH, ROWS * CELL_HEIGHT);
  const drawn = Array.from({ length: ROWS * COLUMNS }, () => ' ');
  let cursorAt = -1;
  return {
    picture,
    paint(at) {
      console.advance(at);
      const { screen } = console;
      const { row: cursorRow, column: cursorColumn } = screen.cursor;
      const isCursorOn = Math.floor(at.nowMs / BLINK_MS) % 2 === 0;
      const wantedCursor = isCursorOn ? cursorRow * COLUMNS + Math.min(cursorColumn, COLUMNS - 1) : -1;
      for (let row = 0; row < ROWS; row++) {
        const isStatus = screen.characterAt(row, 0) === '[' && screen.characterAt(row, 3) === 'O';
        for (let column = 0; column < COLUMNS; column++) {
          const index = row * COLUMNS + column;
          const character = screen.characterAt(row, column);
          const color = isStatus && column > 0 && column < 7 ? GREEN : INK;
          const key = `${character}${color === GREEN ? '+' : ''}`;
          if (drawn[index] === key && index !== cursorAt && index !== wantedCursor) continue;
          if (drawn[index] === key && cursorAt === wantedCursor) continue;
          drawn[index] = key;
          const place = { x: column * CELL_WIDTH, y: row * CELL_HEIGHT };
          picture.drawText(character, { ...place, color, background: PAPER, cell: CELL_WIDTH });
          if (index === wantedCursor) picture.fill({ x: place.x, y: place.y + 13, width: CELL_WIDTH - 1, height: 2 }, INK);
        }
      }
      cursorAt = wantedCursor;
    },
  };
}

const DESKTOP_WIDTH = 1024;
const DESKTOP_HEIGHT = 768;
const BAR_HEIGHT = 40;
const WINDOW = { x: 180, y: 120, width: 660, height: 400 };
const POINTER_ROWS: readonly number[] = [
  0x8000, 0xc000, 0xe000, 0xf000, 0xf800, 0xfc00, 0xfe00, 0xff00, 0xff80, 0xfc00, 0xdc00, 0x8e00, 0x0e00, 0x0700, 0x0700,
];

/** A graphical guest: background, a window with typed text and load bars, a task bar with a clock, the pointer. */
export function createDesktopPainter(machine: Machine, console: GuestConsole): Painter {
  const picture = new Framebuffer(DESKTOP_WIDTH, DESKTOP_HEIGHT);
  let last = '';
  let lastScene = '';
  let lastPointer = '';
  const under: { x: number; y: number; color: number }[] = [];

  const paintScene = (at: Instants, boot: number | undefined): void => {
    if (boot !== undefined) paintBoot(picture, boot);
    else {
      paintBackground(picture, machine.identity.seed);
      paintWindow(picture, { machine, note: console.note });
      paintBar(picture, { name: machine.identity.hostName, clock: formatInstant(at.wallMs).slice(11, 19) });
    }
  };
  return {
    picture,
    paint(at) {
      console.advance(at);
      const boot = console.bootShare(at.nowMs);
      const scene = boot === undefined ? `up ${console.note}` : `boot ${Math.floor(boot * 40)}`;
      const clock = boot === undefined ? formatInstant(at.wallMs).slice(11, 19) : '';
      const load = Math.floor(machine.load.cpuMhz / 50);
      const { x, y, buttons } = console.pointer;
      const pointer = `${x},${y},${buttons}`;
      const state = `${scene}|${clock}|${load}`;
      if (state === last && pointer === lastPointer) return;
      restore(picture, under);
      if (lastScene !== scene) paintScene(at, boot);
      else if (boot === undefined) {
        paintLoad(picture, machine);
        paintBar(picture, { name: machine.identity.hostName, clock });
      }
      last = state;
      lastScene = scene;
      lastPointer = pointer;
      if (x >= 0) paintPointer(picture, { x, y, buttons, under });
    },
  };
}

function paintBoot(picture: Framebuffer, share: number): void {
  picture.fill({ x: 0, y: 0, width: picture.width, height: picture.height }, 0x000000);
  const side = 70;
  for (const [dx, dy] of [
    [0, 0],
    [1, 0],
    [0, 1],
    [1, 1],
  ] as const) {
    picture.fill({ x: 438 + dx * (side + 6), y: 230 + dy * (side + 6), width: side, height: side }, 0x1b84d8);
  }
  picture.fill({ x: 362, y: 560, width: 300, height: 10 }, 0x303438);
  picture.fill({ x: 362, y: 560, width: Math.floor(300 * share), height: 10 }, 0xd0d4d8);
}

function paintBackground(picture: Framebuffer, seed: number): void {
  const hue = seed % 3;
  for (let y = 0; y < picture.height - BAR_HEIGHT; y += 8) {
    const level = 40 + Math.floor((y / picture.height) * 70);
    const color =
      hue === 0
        ? (12 << 16) | (level << 8) | (level + 60)
        : hue === 1
          ? (20 << 16) | ((level + 30) << 8) | (level + 10)
          : ((level + 10) << 16) | (30 << 8) | (level + 40);
    picture.fill({ x: 0, y, width: picture.width, height: 8 }, color);
  }
  for (const [index, label] of ['Computer', 'Network', 'Recycle Bin'].entries()) {
    picture.fill({ x: 34, y: 30 + index * 92, width: 44, height: 36 }, index === 2 ? 0x8fa3b5 : 0xe8c66a);
    picture.drawText(label, { x: 56 - label.length * 4, y: 72 + index * 92, color: 0xffffff });
  }
}

function paintWindow(picture: Framebuffer, use: { readonly machine: Machine; readonly note: string }): void {
  const { machine, note } = use;
  const { identity } = machine;
  picture.fill({ x: WINDOW.x - 1, y: WINDOW.y - 1, width: WINDOW.width + 2, height: WINDOW.height + 2 }, 0x203040);
  picture.fill({ ...WINDOW, height: 30 }, 0x2b5b8a);
  picture.drawText(`${identity.hostName} - Server`, { x: WINDOW.x + 12, y: WINDOW.y + 7, color: 0xffffff });
  picture.drawText('x', { x: WINDOW.x + WINDOW.width - 22, y: WINDOW.y + 6, color: 0xffffff });
  picture.fill({ x: WINDOW.x, y: WINDOW.y + 30, width: WINDOW.width, height: WINDOW.height - 30 }, 0xf4f5f7);
  const facts = [identity.guestFullName, `${identity.cpus} CPU   ${identity.memoryMb} MB   ${identity.ipv4}`];
  for (const [index, fact] of facts.entries()) picture.drawText(fact, { x: WINDOW.x + 20, y: WINDOW.y + 46 + index * 22, color: 0x202428 });
  paintLoad(picture, machine);
  picture.fill({ x: WINDOW.x + 20, y: WINDOW.y + 170, width: WINDOW.width - 40, height: 200 }, 0xffffff);
  const lines = note
    .split('\n')
    .flatMap((line) => line.match(/.{1,74}/gu) ?? [''])
    .slice(-11);
  for (const [index, line] of lines.entries()) {
    const isLast = index === lines.length - 1;
    picture.drawText(isLast ? `${line}_` : line, { x: WINDOW.x + 28, y: WINDOW.y + 178 + index * 17, color: 0x202428 });
  }
}

function paintLoad(picture: Framebuffer, machine: Machine): void {
  const { load, identity } = machine;
  const bars: readonly (readonly [string, number])[] = [
    ['CPU', load.cpuMhz / (identity.cpus * identity.cpuMhzPerCore)],
    ['Memory', load.activeMb / identity.memoryMb],
  ];
  for (const [index, [label, share]] of bars.entries()) {
    const y = WINDOW.y + 100 + index * 30;
    picture.drawText(label, { x: WINDOW.x + 20, y, color: 0x202428, background: 0xf4f5f7 });
    picture.fill({ x: WINDOW.x + 100, y: y + 2, width: 400, height: 14 }, 0xd7dbe0);
    picture.fill({ x: WINDOW.x + 100, y: y + 2, width: Math.floor(400 * share), height: 14 }, index === 0 ? 0x2f80c2 : 0x7a5cc0);
  }
}

function paintBar(picture: Framebuffer, use: { readonly name: string; readonly clock: string }): void {
  const y = picture.height - BAR_HEIGHT;
  picture.fill({ x: 0, y, width: picture.width, height: BAR_HEIGHT }, 0x15191e);
  picture.fill({ x: 12, y: y + 8, width: 24, height: 24 }, 0x1b84d8);
  picture.drawText(use.name, { x: 52, y: y + 12, color: 0xd0d4d8 });
  picture.drawText(use.clock, { x: picture.width - 84, y: y + 12, color: 0xffffff });
}

function paintPointer(
  picture: Framebuffer,
  use: { readonly x: number; readonly y: number; readonly buttons: number; readonly under: { x: number; y: number; color: number }[] },
): void {
  for (const [dy, bits] of POINTER_ROWS.entries()) {
    for (let dx = 0; dx < 16; dx++) {
      if ((bits & (0x8000 >> dx)) === 0) continue;
      const x = use.x + dx;
      const y = use.y + dy;
      if (x >= picture.width || y >= picture.height) continue;
      use.under.push({ x, y, color: picture.pixels[y * picture.width + x] ?? 0 });
      picture.setPixel(x, y, { color: isEdge(dx, dy) ? 0x101010 : use.buttons === 0 ? 0xffffff : 0xffcc33 });
    }
  }
}

/** A dark rim keeps the pointer visible on light ground. */
function isEdge(dx: number, dy: number): boolean {
  const has = (x: number, y: number): boolean => x >= 0 && ((POINTER_ROWS[y] ?? 0) & (0x8000 >> x)) !== 0;
  return !has(dx - 1, dy) || !has(dx + 1, dy) || !has(dx, dy + 1);
}

/** Puts back what the pointer covered, so that it leaves no trail. */
function restore(picture: Framebuffer, under: { x: number; y: number; color: number }[]): void {
  for (const { x, y, color } of under) picture.setPixel(x, y, { color });
  under.length = 0;
}
