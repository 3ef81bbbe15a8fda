import { mkdtempSync, rmSync } from 'node:fs';
import { connect, type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { startChild } from './child.ts';
import { listenToX11Keys, type X11Keys } from './x11-keys.ts';

export interface TigerVnc {
  readonly keys: X11Keys;
  /** A connection that speaks RFB. */
  readonly connect: () => Socket;
  stop(): Promise<void>;
}

/** Debian's TigerVNC with an empty X desktop of 640x480: a VNC server that nobody here wrote. It listens on a socket in a folder only. */
export async function startTigerVnc(): Promise<TigerVnc> {
  const folder = mkdtempSync(join(tmpdir(), 'breakwater-vnc-'));
  const path = join(folder, 'rfb');
  const words = '-displayfd 1 -geometry 640x480 -depth 24 -retro -nolisten tcp -SecurityTypes None -rfbport -1';
  const child = startChild('Xtigervnc', words.split(' ').concat('-rfbunixpath', path));
  const stop = async (): Promise<void> => {
    await child.stop();
    rmSync(folder, { recursive: true, force: true });
  };
  try {
    const [, display] = await child.waitFor(/^(\d+)$/m);
    const keys = await listenToX11Keys(Number(display));
    return {
      keys,
      connect: () => connect(path),
      async stop() {
        keys.close();
        await stop();
      },
    };
  } catch (error) {
    await stop();
    throw error;
  }
}
