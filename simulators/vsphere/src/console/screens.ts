import type { Clock } from '@breakwater/kernel';
import type { Machine } from '../model/machine.ts';
import { encodePng, type PictureSize } from './encode-png.ts';
import type { Framebuffer } from './framebuffer.ts';
import { GuestConsole } from './guest-console.ts';
import { createDesktopPainter, createTextPainter, type Painter } from './painters.ts';

/** Pictures kept drawn; those of other machines are drawn anew when asked for. */
const KEPT_PAINTERS = 24;

/** Consoles of all machines: one state each, which pictures, viewers and keys share. */
export class Screens {
  readonly #clock: Clock;
  readonly #bootMs: number;
  readonly #consoles = new WeakMap<Machine, GuestConsole>();
  readonly #painters = new Map<Machine, Painter>();

  constructor(options: { readonly clock: Clock; readonly bootMs: number }) {
    this.#clock = options.clock;
    this.#bootMs = options.bootMs;
  }

  consoleOf(machine: Machine): GuestConsole {
    let console = this.#consoles.get(machine);
    if (console === undefined) {
      console = new GuestConsole(machine, { bootMs: this.#bootMs });
      this.#consoles.set(machine, console);
    }
    return console;
  }

  /** The picture as of now. A viewer holds on to its picture; it is repainted by every later call for the same machine. */
  paint(machine: Machine): Framebuffer {
    let painter = this.#painters.get(machine);
    if (painter === undefined) {
      const console = this.consoleOf(machine);
      painter = machine.identity.console === 'text' ? createTextPainter(console) : createDesktopPainter(machine, console);
    }
    this.#painters.delete(machine);
    this.#painters.set(machine, painter);
    this.#evict();
    painter.paint(this.instants());
    return painter.picture;
  }

  takePicture(machine: Machine, size: PictureSize = {}): Buffer {
    return encodePng(this.paint(machine), size);
  }

  instants(): { readonly nowMs: number; readonly wallMs: number } {
    return { nowMs: this.#clock.now(), wallMs: this.#clock.wall() };
  }

  /** Machines with an open console keep their picture, as viewers count revisions in it. */
  #evict(): void {
    if (this.#painters.size <= KEPT_PAINTERS) return;
    for (const machine of this.#painters.keys()) {
      if (machine.consoles > 0) continue;
      this.#painters.delete(machine);
      return;
    }
  }
}
