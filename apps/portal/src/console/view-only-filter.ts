import { Transform } from 'node:stream';
import { ViewOnlyRfb } from './rfb-view-only.ts';
import { ClientFrameReader, encodeClientFrame, OPCODE } from './web-socket-frames.ts';

/**
 * What a browser's bytes must pass on a view-only console: WebSocket frames are opened, RFB messages judged, and what may
 * pass is framed anew. The browser's own view-only switch is cosmetic; this one holds against any client.
 */
export function createViewOnlyFilter(): Transform {
  const rfb = new ViewOnlyRfb();
  let out: Buffer[] = [];
  let isClosing = false;
  const reader = new ClientFrameReader({
    onData: (bytes) => {
      if (isClosing) return;
      const passed = rfb.push(bytes);
      if (passed.length > 0) out.push(encodeClientFrame(OPCODE.binary, passed));
    },
    onControl: (opcode, payload) => {
      // Pings end here: ESXi drops consoles that send them. Browsers have no way to make one.
      if (isClosing || opcode === OPCODE.ping) return;
      isClosing = opcode === OPCODE.close;
      out.push(encodeClientFrame(opcode, payload));
    },
  });
  return new Transform({
    transform(chunk: Buffer, _encoding, callback) {
      out = [];
      try {
        reader.push(chunk);
      } catch (error) {
        callback(error as Error);
        return;
      }
      callback(null, out.length === 0 ? undefined : Buffer.concat(out));
    },
  });
}
