import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import { readCpuMs } from './process-figures.ts';

const run = promisify(execFile);

export interface Load {
  readonly url: string;
  readonly headers?: Readonly<Record<string, string>>;
  readonly connections: number;
  readonly seconds: number;
  /** Expected of each answer. One that is far from it is another answer than the one to be measured. */
  readonly bodyBytes?: number;
  /** Of the process that is asked. */
  readonly pid: number;
}

export interface LoadFigures {
  readonly perSecond: number;
  readonly cpuUs: number;
  readonly p50Ms: number;
}

/** Loads a server with Debian's `wrk`. An answer that is an error ends the bench. */
export async function load({ url, headers = {}, connections, seconds, pid, bodyBytes }: Load): Promise<LoadFigures> {
  const lines = Object.entries(headers).flatMap(([name, value]) => ['-H', `${name}: ${value}`]);
  const before = readCpuMs(pid);
  const { stdout } = await run('wrk', ['-t1', `-c${connections}`, `-d${seconds}s`, '--latency', ...lines, url]);
  const cpuMs = readCpuMs(pid) - before;
  const requests = Number(/(\d+) requests in/.exec(stdout)?.[1]);
  const perSecond = Number(/Requests\/sec:\s+([\d.]+)/.exec(stdout)?.[1]);
  const p50 = /50%\s+([\d.]+)(us|ms|s)/.exec(stdout);
  if (!(requests > 0) || /Non-2xx|Socket errors/.test(stdout)) throw new Error(`wrk failed on ${url}:\n${stdout}`);
  const read = /([\d.]+)(KB|MB|GB) read/.exec(stdout);
  const perAnswer = (Number(read?.[1]) * { KB: 1_024, MB: 1_048_576, GB: 1_073_741_824 }[read?.[2] as 'KB' | 'MB' | 'GB']) / requests;
  if (bodyBytes !== undefined && !(Math.abs(perAnswer - bodyBytes) < 2_048 + bodyBytes * 0.1)) {
    throw new Error(`answers of ${url} have ${perAnswer.toFixed(0)} bytes instead of ${bodyBytes}`);
  }
  const unitMs = { us: 0.001, ms: 1, s: 1_000 }[p50?.[2] as 'us' | 'ms' | 's'];
  return { perSecond, cpuUs: (cpuMs * 1_000) / requests, p50Ms: Number(p50?.[1]) * unitMs };
}
