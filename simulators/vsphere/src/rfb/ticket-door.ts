import type { IncomingMessage } from 'node:http';
import type { Duplex } from 'node:stream';
import { TICKET_PATH } from '@breakwater/vsphere/schema';
import type { Counters } from '../counters.ts';
import type { Machine } from '../model/machine.ts';
import type { TicketPlace } from '../model/tickets.ts';
import type { ServerState } from '../server-state.ts';
import { RfbSession } from './rfb-session.ts';
import { acceptWebSocket, type BinarySocket } from './web-socket.ts';

/** `wss://<host>/ticket/<ticket>`: consoles, open as long as their machine is on. */
export class TicketDoor {
  readonly #server: ServerState;
  readonly #counters: Counters;
  readonly #open = new Map<BinarySocket, Machine>();

  constructor(options: { readonly server: ServerState; readonly counters: Counters }) {
    this.#server = options.server;
    this.#counters = options.counters;
    options.server.lifecycle.onPowerOff((machine) => this.closeConsolesOf(machine));
  }

  /** Takes an upgrade. Without the subprotocol or a live ticket the connection is cut, as hosts do. */
  enter(request: IncomingMessage, socket: Duplex, options: { readonly head: Buffer; readonly at: TicketPlace }): void {
    const protocols = String(request.headers['sec-websocket-protocol'] ?? '')
      .split(',')
      .map((protocol) => protocol.trim());
    const path = (request.url ?? '').split('?')[0] ?? '';
    if (!path.startsWith(TICKET_PATH) || !protocols.includes('binary') || request.headers.upgrade?.toLowerCase() !== 'websocket') {
      socket.destroy();
      return;
    }
    const machine = this.#server.tickets.redeem(path.slice(TICKET_PATH.length), options.at);
    if (machine === undefined || machine.powerState !== 'poweredOn') {
      socket.end('HTTP/1.1 403 Forbidden\r\nContent-Length: 0\r\nConnection: close\r\n\r\n');
      return;
    }
    this.#serve(machine, { request, socket, head: options.head });
  }

  closeConsolesOf(machine: Machine): void {
    for (const [socket, other] of this.#open) if (other === machine) socket.drop();
  }

  closeAll(): void {
    for (const socket of this.#open.keys()) socket.drop();
  }

  #serve(machine: Machine, use: { readonly request: IncomingMessage; readonly socket: Duplex; readonly head: Buffer }): void {
    const { clock, screens, lifecycle, inventory } = this.#server;
    const console = screens.consoleOf(machine);
    const heldKeys = new Set<number>();
    let session: RfbSession | undefined;
    machine.consoles++;
    this.#counters.openConsoles++;
    inventory.world.touch(machine);
    const socket = acceptWebSocket(use.request, use.socket, {
      head: use.head,
      events: {
        onBytes: (bytes) => session?.receive(bytes),
        onClosed: () => {
          session?.stop();
          for (const keysym of heldKeys) console.release(keysym);
          this.#open.delete(socket);
          machine.consoles--;
          this.#counters.openConsoles--;
          inventory.world.touch(machine);
        },
      },
    });
    this.#open.set(socket, machine);
    session = new RfbSession({
      socket,
      clock,
      source: {
        paint: () => screens.paint(machine),
        name: () => machine.name,
        onKey: ({ keysym, state }) => {
          if (state === 'up') {
            heldKeys.delete(keysym);
            console.release(keysym);
          } else {
            heldKeys.add(keysym);
            if (console.press(keysym, screens.instants()) === 'restart') lifecycle.reset(machine);
          }
        },
        onPointer: (pointer) => {
          console.pointer = pointer;
        },
      },
    });
  }
}
