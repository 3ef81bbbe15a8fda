import { type Clock, type Logger, OpsError, type Priority } from '@breakwater/kernel';
import type { TransportResponse } from '@breakwater/transport';
import { type Moref, SCREEN_PATH } from '../schema/index.ts';
import { createStatusError, hasCode } from '../session/index.ts';
import type { FileTools } from './datastore-files.ts';
import { TaskCamera } from './task-camera.ts';

/** PNG bytes as the host made them: the beginning is checked, nothing is decoded. */
export interface Screen {
  readonly png: Uint8Array;
}

export interface ScreenOptions {
  /** Wanted size in pixels. The host scales where it can; the fallback gives the full picture. */
  readonly width: number;
  readonly height: number;
  readonly priority: Extract<Priority, 'high' | 'low'>;
  readonly signal: AbortSignal;
}

/** How pictures are taken here. `task` leaves a file on the datastore that has to be removed again, so it is only the second choice. */
type Method = { readonly kind: 'direct'; readonly refusedBy: ReadonlySet<string> } | { readonly kind: 'task' } | { readonly kind: 'none' };

/** A photograph on a 4K console; anything larger is no screen. */
const MAX_PNG_BYTES = 16 * 1024 * 1024;

/** So many machines must not be found before the host is taken to have no such service: a single one may just be gone. */
const REFUSALS_UNTIL_FALLBACK = 3;

const PNG_MAGIC = [0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a] as const;

/** The last chunk and its checksum, with room for padding. */
const TRAILER_BYTES = 64;

const DIRECT: Method = { kind: 'direct', refusedBy: new Set() };

/** Takes pictures of consoles, in the way that this server offers. */
export class ScreenCamera {
  readonly #tools: FileTools;
  readonly #logger: Logger;
  readonly #taskCamera: TaskCamera;
  #method: Method = DIRECT;

  constructor(options: FileTools & { readonly clock: Clock; readonly logger: Logger }) {
    this.#tools = options;
    this.#logger = options.logger;
    this.#taskCamera = new TaskCamera({ ...options, check: checkPng, maxBytes: MAX_PNG_BYTES });
  }

  /** Null: this machine has no picture now, because it is off or the host cannot. */
  capture(machine: Moref, options: ScreenOptions): Promise<Screen | null> {
    switch (this.#method.kind) {
      case 'direct':
        return this.#captureDirectly(machine, options);
      case 'task':
        return this.#captureByTask(machine, options);
      case 'none':
        return Promise.resolve(null);
    }
  }

  /** To be called before a task of a person is given to the machine; the result ends it. */
  stepAside(machine: Moref, options: { readonly signal: AbortSignal }): Promise<() => void> {
    return this.#taskCamera.stepAside(machine, options);
  }

  /** Leaves no file behind, as far as the server lets it. */
  close(): Promise<void> {
    return this.#taskCamera.close();
  }

  async #captureDirectly(machine: Moref, options: ScreenOptions): Promise<Screen | null> {
    const query = new URLSearchParams({ id: machine.value, w: String(options.width), h: String(options.height) });
    const target = { path: `${SCREEN_PATH}?${query.toString()}`, operation: 'GET /screen' };
    let answer: Uint8Array | 'no-door';
    try {
      answer = await this.#tools.session.get(target, {
        priority: options.priority,
        idempotent: true,
        maxBodyBytes: MAX_PNG_BYTES,
        signal: options.signal,
        read: (response) => this.#readScreen(response),
      });
    } catch (error) {
      if (hasCode(error, 'VSPHERE_INVALID_STATE')) return null;
      throw error;
    }
    if (answer !== 'no-door') return { png: answer };
    const screen = await this.#captureByTask(machine, options);
    // Not found can also mean that the machine has gone; one that has a picture has not.
    if (screen !== null) this.#noteRefusal(machine);
    return screen;
  }

  async #readScreen(response: TransportResponse): Promise<Uint8Array | 'no-door'> {
    switch (response.status) {
      case 200: {
        const png = checkPng(await response.bytes());
        this.#method = DIRECT;
        return png;
      }
      case 404:
        return 'no-door';
      case 501:
        this.#goOverToTasks();
        return 'no-door';
      case 500:
        // What a host answers for a machine that has just been switched off, but one in trouble as well: no sign of health to
        // whoever wraps the transport, and none of overload.
        throw new OpsError({ code: 'VSPHERE_INVALID_STATE', message: 'The server has no picture of this machine now.' });
      default:
        throw createStatusError(response, 'GET /screen');
    }
  }

  #noteRefusal(machine: Moref): void {
    if (this.#method.kind !== 'direct') return;
    const refusedBy = new Set([...this.#method.refusedBy, machine.value]);
    if (refusedBy.size < REFUSALS_UNTIL_FALLBACK) this.#method = { kind: 'direct', refusedBy };
    else this.#goOverToTasks();
  }

  #goOverToTasks(): void {
    if (this.#method.kind !== 'direct') return;
    this.#method = { kind: 'task' };
    this.#logger.info('This server has no /screen; pictures are taken by task from now on.');
  }

  /** Of a single machine too: whoever looks at it sees it now, and of one that is gone no picture can be taken either. */
  async #captureByTask(machine: Moref, options: ScreenOptions): Promise<Screen | null> {
    try {
      const png = await this.#taskCamera.capture(machine, options);
      return png === null ? null : { png };
    } catch (error) {
      if (!hasCode(error, 'VSPHERE_NOT_SUPPORTED')) throw error;
      this.#method = { kind: 'none' };
      return null;
    }
  }
}

/** An overloaded front end gives an HTML page or half a picture instead, with status 200. */
function checkPng(bytes: Uint8Array): Uint8Array {
  const end = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).lastIndexOf('IEND', undefined, 'latin1');
  const isWhole = end >= bytes.length - TRAILER_BYTES && PNG_MAGIC.every((byte, index) => bytes[index] === byte);
  if (isWhole && end > 0) return bytes;
  throw new OpsError({ code: 'VSPHERE_SCREEN_INVALID', message: 'The server sent something that is no whole PNG picture.' });
}
