import { type ChildProcessWithoutNullStreams, spawn } from 'node:child_process';
import { createHash } from 'node:crypto';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import type { ScreenEncoder } from '@breakwater/fleet';
import { createSharpScreenEncoder } from '@breakwater/images';
import type { Bench, BenchRow } from './row.ts';
import { ensureDebianPackages } from './support/debian.ts';
import { median, round } from './support/process-figures.ts';
import { createReferenceScreens, type ScreenPicture } from './support/screen-pictures.ts';

const ROUNDS = 9;
const REPEATS = 10;
const DIGEST_REPEATS = 200;
const MACHINES = 100;
const CHANGED = 8;
const PEER = 'Pillow JPEG 200x150 q50';

/** One figure per reference screen. */
interface Costs {
  readonly bytes: readonly number[];
  readonly cpuMs: readonly number[];
}

const { signal } = new AbortController();

async function measureEncoder(encoder: ScreenEncoder, pictures: readonly ScreenPicture[]): Promise<Costs> {
  const bytes: number[] = [];
  const cpuMs: number[] = [];
  for (const { png } of pictures) {
    let size = 0;
    const cost = await measureCpuMs(REPEATS, async () => {
      size = (await encoder.encode(png, { signal })).bytes.length;
    });
    bytes.push(size);
    cpuMs.push(cost);
  }
  return { bytes, cpuMs };
}

/** What the portal spends on a picture that somebody gets as AVIF: it is made into WebP first, and the smaller of both is sent. */
async function measureCondensed(encoder: ScreenEncoder, pictures: readonly ScreenPicture[]): Promise<Costs> {
  const bytes: number[] = [];
  const cpuMs: number[] = [];
  for (const { png } of pictures) {
    let size = 0;
    const cost = await measureCpuMs(REPEATS, async () => {
      const screen = await encoder.encode(png, { signal });
      if (screen.pixels === null) throw new Error('The encoder offers no AVIF.');
      const condensed = await encoder.condense(screen.pixels, { signal });
      size = Math.min(screen.bytes.length, condensed.bytes.length);
    });
    bytes.push(size);
    cpuMs.push(cost);
  }
  return { bytes, cpuMs };
}

/** What a picture costs that has not changed: the fleet compares digests and stops. */
async function measureDigest(pictures: readonly ScreenPicture[]): Promise<readonly number[]> {
  const costs: number[] = [];
  for (const { png } of pictures) {
    costs.push(await measureCpuMs(DIGEST_REPEATS, async () => void createHash('sha256').update(png).digest('base64')));
  }
  return costs;
}

/** All threads of this process, so that work in sharp's threads counts. */
async function measureCpuMs(repeats: number, act: () => Promise<void>): Promise<number> {
  const before = process.cpuUsage();
  for (let turn = 0; turn < repeats; turn++) await act();
  const { user, system } = process.cpuUsage(before);
  return (user + system) / 1_000 / repeats;
}

class Pillow {
  readonly #child: ChildProcessWithoutNullStreams;
  readonly #lines: NodeJS.AsyncIterator<string>;

  constructor(paths: readonly string[]) {
    // Debian's own interpreter: another Python in the path does not see Debian's Pillow.
    this.#child = spawn('/usr/bin/python3', [join(import.meta.dirname, 'peers/pillow-screens.py'), ...paths]);
    this.#child.stderr.pipe(process.stderr);
    this.#lines = createInterface({ input: this.#child.stdout })[Symbol.asyncIterator]();
  }

  async measure(): Promise<Costs> {
    this.#child.stdin.write(`${REPEATS}\n`);
    const line = await this.#lines.next();
    if (line.done === true) throw new Error('Pillow ended before it answered.');
    return JSON.parse(line.value) as Costs;
  }

  close(): void {
    this.#child.kill();
  }
}

const sum = (values: readonly number[]): number => values.reduce((total, value) => total + value, 0);

export const bench: Bench = {
  name: 'screens',
  summary: 'Bytes and CPU of shrinking machine screens, against Pillow as spec 02 uses it.',
  async run({ log }) {
    ensureDebianPackages(['python3-pil']);
    const pictures = createReferenceScreens();
    const directory = mkdtempSync(join(tmpdir(), 'breakwater-screens-'));
    const paths = pictures.map(({ name, png }) => {
      const path = join(directory, `${name.replaceAll(' ', '-')}.png`);
      writeFileSync(path, png);
      return path;
    });
    const pillow = new Pillow(paths);
    try {
      return await compare(pictures, pillow, log);
    } finally {
      pillow.close();
      rmSync(directory, { recursive: true, force: true });
    }
  },
};

async function compare(pictures: readonly ScreenPicture[], pillow: Pillow, log: (line: string) => void): Promise<readonly BenchRow[]> {
  const same = createSharpScreenEncoder({ format: 'webp', width: 200, height: 150, quality: 50 });
  const jpeg = createSharpScreenEncoder({ format: 'jpeg', width: 200, height: 150, quality: 50 });
  const usual = createSharpScreenEncoder();
  const rounds: { same: Costs; avif: Costs; jpeg: Costs; usual: Costs; usualAvif: Costs; peer: Costs; digest: readonly number[] }[] = [];
  for (let turn = 0; turn <= ROUNDS; turn++) {
    const figures = {
      same: await measureEncoder(same, pictures),
      avif: await measureCondensed(same, pictures),
      peer: await pillow.measure(),
      jpeg: await measureEncoder(jpeg, pictures),
      usual: await measureEncoder(usual, pictures),
      usualAvif: await measureCondensed(usual, pictures),
      digest: await measureDigest(pictures),
    };
    // The first round warms both sides up and does not count.
    if (turn === 0) continue;
    rounds.push(figures);
    log(
      `round ${turn}: ours ${sum(figures.same.cpuMs).toFixed(0)} ms, Pillow ${sum(figures.peer.cpuMs).toFixed(0)} ms for ${pictures.length} screens`,
    );
  }
  const first = rounds[0];
  if (first === undefined) throw new Error('No round was measured.');
  for (const [index, { name, png }] of pictures.entries()) {
    log(
      `${name} (${png.length} B): WebP ${first.same.bytes[index]} B, with AVIF ${first.avif.bytes[index]} B, Pillow ${first.peer.bytes[index]} B, JPEG ${first.jpeg.bytes[index]} B, 320x200 WebP ${first.usual.bytes[index]} B, with AVIF ${first.usualAvif.bytes[index]} B`,
    );
  }

  const mean = (total: number): number => total / pictures.length;
  const cpu = (read: (figures: (typeof rounds)[number]) => readonly number[]): number =>
    mean(median(rounds.map((figures) => sum(read(figures)))));
  const peerCpu = cpu((figures) => figures.peer.cpuMs);
  const peerBytes = mean(sum(first.peer.bytes));
  const sameCpu = cpu((figures) => figures.same.cpuMs);
  const usualCpu = cpu((figures) => figures.usual.cpuMs);
  const digestCpu = cpu((figures) => figures.digest);

  const toRow = (name: string, figure: { value: number; unit: string; peerValue: number; atMost: number; peer?: string }): BenchRow => {
    const ratio = figure.value / figure.peerValue;
    const goal = `at most ${figure.atMost} x`;
    return {
      name,
      value: round(figure.value),
      unit: figure.unit,
      peer: figure.peer ?? PEER,
      ratio: round(ratio),
      goal,
      ok: ratio <= figure.atMost,
    };
  };
  const bytesRow = (name: string, costs: Costs, atMost: number): BenchRow =>
    toRow(name, { value: mean(sum(costs.bytes)), unit: 'B', peerValue: peerBytes, atMost });
  return [
    bytesRow('WebP 200x150, bytes', first.same, 0.6),
    toRow('WebP 200x150, CPU', { value: sameCpu, unit: 'ms', peerValue: peerCpu, atMost: 0.75 }),
    bytesRow('AVIF 200x150, bytes', first.avif, 0.45),
    toRow('AVIF 200x150, CPU', { value: cpu((figures) => figures.avif.cpuMs), unit: 'ms', peerValue: peerCpu, atMost: 1.3 }),
    bytesRow('JPEG 200x150, bytes', first.jpeg, 1),
    toRow('JPEG 200x150, CPU', { value: cpu((figures) => figures.jpeg.cpuMs), unit: 'ms', peerValue: peerCpu, atMost: 0.75 }),
    // The default shows 2.1 times the pixels; it may cost what a small JPEG costs.
    bytesRow('WebP 320x200 (default), bytes', first.usual, 1.2),
    toRow('WebP 320x200 (default), CPU', { value: usualCpu, unit: 'ms', peerValue: peerCpu, atMost: 1 }),
    toRow('AVIF 320x200 (default), bytes', {
      value: mean(sum(first.usualAvif.bytes)),
      unit: 'B',
      peerValue: mean(sum(first.usual.bytes)),
      atMost: 0.85,
      peer: 'our default WebP',
    }),
    toRow('AVIF 320x200 (default), CPU', { value: cpu((figures) => figures.usualAvif.cpuMs), unit: 'ms', peerValue: peerCpu, atMost: 1.3 }),
    // What follows is what the fleet does by default: digest first, encode only what is new.
    toRow('unchanged screen, CPU', { value: digestCpu, unit: 'ms', peerValue: usualCpu, atMost: 0.01, peer: 'our default encode' }),
    toRow(`cycle of ${MACHINES} with ${CHANGED} changed, CPU`, {
      value: MACHINES * digestCpu + CHANGED * usualCpu,
      unit: 'ms',
      peerValue: MACHINES * peerCpu,
      atMost: 0.1,
      peer: 'Pillow, all encoded',
    }),
  ];
}
