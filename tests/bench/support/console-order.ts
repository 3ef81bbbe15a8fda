import type { ChildProcess } from 'node:child_process';
import type { ConsoleLoad } from './console-frames.ts';
import { nextMessage } from './console-processes.ts';

/** A door that consoles are opened at. */
export interface ConsoleDoor {
  readonly port: number;
  readonly tls: boolean;
  /** `GET /` answers with the path of a console; otherwise any path will do. */
  readonly session: boolean;
}

export type ClientOrder =
  | {
      readonly kind: 'open';
      readonly door: ConsoleDoor;
      readonly count: number;
      readonly load: ConsoleLoad;
      readonly reading: 'always' | 'never';
    }
  | { readonly kind: 'begin' }
  | { readonly kind: 'end' }
  | { readonly kind: 'close' };

/** What all consoles have seen together since `begin`. */
export interface ClientFigures {
  readonly consoles: number;
  readonly tookMs: number;
  readonly bytes: number;
  readonly messages: number;
  readonly p50Ms: number;
  readonly p99Ms: number;
}

/** Gives the client process an order and waits until it is carried out. */
export async function order(client: ChildProcess, what: ClientOrder): Promise<ClientFigures | null> {
  const answer = nextMessage<{ readonly figures: ClientFigures | null; readonly error?: string }>(client);
  client.send(what);
  const { figures, error } = await answer;
  if (error !== undefined) throw new Error(`${what.kind}: ${error}`);
  return figures;
}
