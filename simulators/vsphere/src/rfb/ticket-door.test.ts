import { ManualClock } from '@breakwater/kernel';
import { afterEach, describe, expect, it } from 'vitest';
import WebSocket from 'ws';
import { type SimulatorOptions, startVsphereSimulator, type VsphereSimulator } from '../simulator.ts';
import { pick, SoapClient } from '../test-support/soap-client.ts';

const running: VsphereSimulator[] = [];

afterEach(async () => {
  await Promise.all(running.splice(0).map((simulator) => simulator.stop()));
});

async function startSignedIn(options: Partial<SimulatorOptions> = {}) {
  const clock = new ManualClock();
  const simulator = await startVsphereSimulator({ personality: 'esxi-8.0', machines: 20, clock, ...options });
  running.push(simulator);
  const client = new SoapClient(simulator);
  await client.login();
  return { clock, simulator, client };
}

const acquire = (client: SoapClient, moid: string) =>
  client.call(
    `<AcquireTicket xmlns="urn:vim25"><_this type="VirtualMachine">${moid}</_this><ticketType>webmks</ticketType></AcquireTicket>`,
  );

const VMWARE_CURSOR = 0x574d5664;

/** A viewer that reads exact numbers of bytes, as RFB is meant to be read. */
class Viewer {
  readonly socket: WebSocket;
  readonly closed: Promise<void>;
  #bytes = Buffer.alloc(0);
  #wake: (() => void) | undefined;

  constructor(simulator: VsphereSimulator, ticket: string, protocols: readonly string[] = ['binary']) {
    this.socket = new WebSocket(`wss://127.0.0.1:${simulator.port}/ticket/${ticket}`, [...protocols], {
      rejectUnauthorized: false,
      perMessageDeflate: false,
    });
    this.socket.on('message', (data: Buffer) => {
      this.#bytes = Buffer.concat([this.#bytes, data]);
      this.#wake?.();
    });
    this.closed = new Promise((resolve) => {
      this.socket.on('error', () => resolve());
      this.socket.on('close', () => resolve());
    });
  }

  get waiting(): number {
    return this.#bytes.length;
  }

  async read(count: number): Promise<Buffer> {
    while (this.#bytes.length < count) {
      await new Promise<void>((resolve) => {
        this.#wake = resolve;
      });
    }
    const taken = this.#bytes.subarray(0, count);
    this.#bytes = this.#bytes.subarray(count);
    return taken;
  }

  send(...bytes: readonly number[]): void {
    this.socket.send(Buffer.from(bytes));
  }

  /** Everything the host says before the name, as one line, and the name. */
  async shakeHands(): Promise<{ readonly said: string; readonly width: number; readonly height: number; readonly name: string }> {
    const version = (await this.read(12)).toString();
    this.socket.send(Buffer.from('RFB 003.008\n'));
    const security = (await this.read(2)).toString('hex');
    this.send(1);
    const result = (await this.read(4)).toString('hex');
    this.send(1);
    const init = await this.read(24);
    const name = (await this.read(init.readUInt32BE(20))).toString();
    return { said: `${version.trim()} ${security} ${result}`, width: init.readUInt16BE(0), height: init.readUInt16BE(2), name };
  }

  request(area: { readonly width: number; readonly height: number; readonly incremental: 0 | 1 }): void {
    const message = Buffer.alloc(10);
    message.set([3, area.incremental]);
    message.writeUInt16BE(area.width, 6);
    message.writeUInt16BE(area.height, 8);
    this.socket.send(message);
  }

  key(keysym: number): void {
    for (const down of [1, 0]) {
      const message = Buffer.alloc(8);
      message.set([4, down]);
      message.writeUInt32BE(keysym, 4);
      this.socket.send(message);
    }
  }

  /** Rectangles of one update in Raw encoding. */
  async readUpdate(
    bytesPerPixel = 4,
  ): Promise<{ x: number; y: number; width: number; height: number; encoding: number; pixels: Buffer }[]> {
    const head = await this.read(4);
    if (head[0] !== 0) throw new Error(`Not an update but message ${head[0]}.`);
    const rectangles = [];
    for (let index = 0; index < head.readUInt16BE(2); index++) {
      const header = await this.read(12);
      const [x, y, width, height] = [0, 2, 4, 6].map((at) => header.readUInt16BE(at)) as [number, number, number, number];
      const encoding = header.readInt32BE(8);
      const size =
        encoding === -307
          ? (await this.read(4)).readUInt32BE()
          : encoding === VMWARE_CURSOR
            ? 2 + width * height * 4
            : width * height * bytesPerPixel;
      const pixels = await this.read(size);
      rectangles.push({ x, y, width, height, encoding, pixels });
    }
    return rectangles;
  }
}

describe('ticket door', () => {
  it('opens a console in 720 by 400 and draws what is on the screen', async () => {
    const { client, simulator } = await startSignedIn();
    const ticket = await acquire(client, '1');
    expect(pick(ticket, 'host')).toBe('');
    expect(pick(ticket, 'port')).toBe(String(simulator.port));
    const viewer = new Viewer(simulator, pick(ticket, 'ticket'));
    expect(await viewer.shakeHands()).toEqual({ said: 'RFB 003.008 0101 00000000', width: 720, height: 400, name: 'db-01' });
    viewer.request({ width: 720, height: 400, incremental: 0 });
    const [whole] = await viewer.readUpdate();
    expect(whole).toMatchObject({ x: 0, y: 0, width: 720, height: 400 });
    expect(new Set(whole?.pixels.filter((_, at) => at % 4 !== 3)).size).toBeGreaterThan(2);
    expect(simulator.control.consoleLines('1').join('\n')).toContain('db-01 login:');
    viewer.socket.terminate();
  });

  it('echoes typed keys, and sends no update while nothing changes', async () => {
    const { client, simulator, clock } = await startSignedIn();
    const viewer = new Viewer(simulator, pick(await acquire(client, '1'), 'ticket'));
    await viewer.shakeHands();
    viewer.request({ width: 720, height: 400, incremental: 0 });
    await viewer.readUpdate();
    viewer.request({ width: 720, height: 400, incremental: 1 });
    await clock.advance(200);
    await client.http('/sdk/vimServiceVersions.xml');
    expect(viewer.waiting).toBe(0);
    for (const character of 'root') viewer.key(character.charCodeAt(0));
    const changed = await viewer.readUpdate();
    expect(changed.reduce((sum, area) => sum + area.width * area.height, 0)).toBeLessThan(4_000);
    viewer.key(0xff0d);
    for (const character of 'secret') viewer.key(character.charCodeAt(0));
    viewer.key(0xff0d);
    for (const character of 'hostname') viewer.key(character.charCodeAt(0));
    viewer.key(0xff0d);
    viewer.request({ width: 720, height: 400, incremental: 0 });
    await viewer.readUpdate();
    const lines = simulator.control.consoleLines('1');
    expect(lines.some((line) => line === 'db-01 login: root')).toBe(true);
    expect(lines.join('\n')).not.toContain('secret');
    expect(lines).toContain('root@db-01:~$ hostname');
    viewer.socket.terminate();
  });

  it('sends 16-bit pixels to a viewer that wants them', async () => {
    const { client, simulator } = await startSignedIn();
    const viewer = new Viewer(simulator, pick(await acquire(client, '1'), 'ticket'));
    await viewer.shakeHands();
    viewer.send(0, 0, 0, 0, 16, 16, 0, 1, 0, 31, 0, 63, 0, 31, 11, 5, 0, 0, 0, 0);
    viewer.request({ width: 16, height: 16, incremental: 0 });
    const [area] = await viewer.readUpdate(2);
    expect(area?.pixels).toHaveLength(512);
    viewer.socket.terminate();
  });

  it('hides the pointer of a viewer that knows cursors of this kind, once', async () => {
    const { client, simulator } = await startSignedIn();
    const viewer = new Viewer(simulator, pick(await acquire(client, '1'), 'ticket'));
    await viewer.shakeHands();
    viewer.send(2, 0, 0, 2, 0, 0, 0, 0, 0x57, 0x4d, 0x56, 0x64);
    viewer.request({ width: 16, height: 16, incremental: 0 });
    const [cursor, ...areas] = await viewer.readUpdate();
    expect(cursor).toMatchObject({ encoding: VMWARE_CURSOR, width: 1, height: 1, pixels: Buffer.from([1, 0, 0, 0, 0, 0]) });
    expect(areas.map(({ encoding }) => encoding)).toEqual([0]);
    viewer.request({ width: 16, height: 16, incremental: 0 });
    expect((await viewer.readUpdate()).map(({ encoding }) => encoding)).toEqual([0]);
    viewer.socket.terminate();
  });

  it('tells a viewer that asked for it when the machine gets another name', async () => {
    const { client, simulator, clock } = await startSignedIn();
    const viewer = new Viewer(simulator, pick(await acquire(client, '1'), 'ticket'));
    await viewer.shakeHands();
    viewer.send(2, 0, 0, 2, 0, 0, 0, 0, 0xff, 0xff, 0xfe, 0xcd);
    viewer.request({ width: 720, height: 400, incremental: 0 });
    await viewer.readUpdate();
    viewer.request({ width: 720, height: 400, incremental: 1 });
    await client.http('/sdk/vimServiceVersions.xml');
    simulator.control.renameMachine('1', 'другое имя');
    await clock.advance(100);
    const update = await viewer.readUpdate();
    expect(update.find((area) => area.encoding === -307)?.pixels.toString()).toBe('другое имя');
    viewer.socket.terminate();
  });

  it('draws the pointer of a desktop where the viewer puts it, in pictures too', async () => {
    const { client, simulator } = await startSignedIn();
    const viewer = new Viewer(simulator, pick(await acquire(client, '5'), 'ticket'));
    expect(await viewer.shakeHands()).toMatchObject({ width: 1024, height: 768 });
    const before = (await client.http('/screen?id=5')).body;
    viewer.send(5, 0, 1, 0, 1, 0);
    viewer.request({ width: 1, height: 1, incremental: 0 });
    await viewer.readUpdate();
    expect((await client.http('/screen?id=5')).body.equals(before)).toBe(false);
    viewer.socket.terminate();
  });

  it('takes a ticket once, for a minute, and only with subprotocol binary', async () => {
    const { client, simulator, clock } = await startSignedIn();
    const ticket = pick(await acquire(client, '1'), 'ticket');
    const wrong = new Viewer(simulator, ticket, ['uint8utf8']);
    await wrong.closed;
    const first = new Viewer(simulator, ticket);
    await first.shakeHands();
    const second = new Viewer(simulator, ticket);
    await second.closed;
    expect(second.waiting).toBe(0);
    const late = pick(await acquire(client, '1'), 'ticket');
    await clock.advance(60_000);
    const third = new Viewer(simulator, late);
    await third.closed;
    expect(third.waiting).toBe(0);
    expect(simulator.control.findMachine('1')?.consoles).toBe(1);
    first.socket.terminate();
  });

  it('cuts the console when the machine goes off, and when it is pinged', async () => {
    const { client, simulator } = await startSignedIn();
    const viewer = new Viewer(simulator, pick(await acquire(client, '1'), 'ticket'));
    await viewer.shakeHands();
    simulator.control.powerOff('1');
    await viewer.closed;
    expect(await acquire(client, '1')).toContain('InvalidPowerState');
    const pinged = new Viewer(simulator, pick(await acquire(client, '2'), 'ticket'));
    await pinged.shakeHands();
    pinged.socket.ping();
    await pinged.closed;
    expect(simulator.control.report().openConsoles).toBe(0);
  });

  it('limits consoles per machine', async () => {
    const { client, simulator } = await startSignedIn({ limits: { consolesPerMachine: 1 } });
    const viewer = new Viewer(simulator, pick(await acquire(client, '1'), 'ticket'));
    await viewer.shakeHands();
    const refused = await acquire(client, '1');
    expect(refused).toContain('xsi:type="MksConnectionLimitReached"><connectionLimit>1</connectionLimit>');
    viewer.socket.terminate();
  });
});
