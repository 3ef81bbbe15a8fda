import type { Explanation } from '../classify/failure.ts';
import type { ServiceHealth } from '../network/health/service-health.ts';
import type {
  AptInstall,
  AptInstallOptions,
  AptUpdate,
  BreakerStatus,
  CloneOrder,
  CloneResult,
  DownloadOrder,
  DownloadResult,
  NetworkEvent,
  NetworkOperations,
  Outcome,
} from '../network/network-operations.ts';
import { hashBytes } from '../resources/file/saved-file.ts';
import type { MemoryHost } from './memory-host.ts';
import type { MemoryPackages } from './memory-packages.ts';

export interface MemoryWeb {
  /** Address to what it answers. */
  readonly files: Map<string, Uint8Array>;
  /** Address to the commit that its branch is at. */
  readonly repositories: Map<string, string>;
  /** Names that `apt-get update` puts into the folder of lists. */
  readonly lists: Set<string>;
}

type Wait = Pick<Extract<Outcome<unknown>, { readonly ok: true }>, 'attempts' | 'waitedMs'>;
const AT_ONCE: Wait = { attempts: 1, waitedMs: 0 };

/** A network that either has a thing or has it not, and remembers what it was asked. */
export class MemoryNetwork implements NetworkOperations {
  readonly requests: string[] = [];
  readonly web: MemoryWeb = { files: new Map(), repositories: new Map(), lists: new Set() };
  readonly #host: MemoryHost;
  readonly #packages: MemoryPackages;

  constructor(host: MemoryHost, packages: MemoryPackages) {
    this.#host = host;
    this.#packages = packages;
  }

  observedBy(_listener: (event: NetworkEvent) => void): NetworkOperations {
    return this;
  }

  async executeWithRetry<T>(): Promise<Outcome<T>> {
    return fail('No module of these tests has operations of its own.', { service: 'external_downloads' });
  }

  async aptUpdateWithRetry(): Promise<Outcome<AptUpdate>> {
    this.requests.push('apt-get update');
    for (const name of this.web.lists) this.#host.put(`/var/lib/apt/lists/${name}`, '', { mtimeMs: 1 });
    return { ok: true, value: { refreshed: true, failedHosts: [] }, ...AT_ONCE };
  }

  async aptInstallWithRetry(packages: readonly string[], options: AptInstallOptions = {}): Promise<Outcome<AptInstall>> {
    this.requests.push(`apt-get install ${packages.join(' ')}`);
    const change = this.#packages.resolve(packages);
    if (change === null) return fail(`Unable to locate package ${packages.join(' ')}`, { service: 'apt_repository' });
    if (change.remove.length > 0 && options.allowRemovals !== true)
      return fail('Packages need to be removed.', { service: 'apt_repository' });
    const installed = this.#packages.install(packages);
    return {
      ok: true,
      value: { installed: Object.fromEntries(installed.map((name) => [name, '1'])), upgraded: {}, removed: change.remove },
      ...AT_ONCE,
    };
  }

  async downloadWithRetry({ dest, mode = 0o644, sha256, urls }: DownloadOrder): Promise<Outcome<DownloadResult>> {
    for (const url of urls) {
      this.requests.push(url);
      const content = this.web.files.get(url);
      if (content === undefined) continue;
      const found = await hashBytes(content);
      if (sha256 !== null && sha256 !== found)
        return fail(`${url} has another SHA-256.`, { service: 'external_downloads', failureClass: 'security' });
      await this.#host.files.write(dest, content, { mode, uid: 0, gid: 0 });
      const size = content.length;
      return { ok: true, value: { path: dest, sha256: found, sizeBytes: size, transferredBytes: size, fromCache: false }, ...AT_ONCE };
    }
    return fail(`${urls[0]} answers 404.`, { service: 'external_downloads' });
  }

  async gitCloneResilient({ commit, dest, url }: CloneOrder): Promise<Outcome<CloneResult>> {
    this.requests.push(url);
    const head = this.web.repositories.get(url);
    if (head === undefined) return fail(`There is no repository at ${url}.`, { service: 'github' });
    const wanted = commit ?? head;
    this.#host.put(`${dest}/.git/HEAD`, wanted);
    this.#host.put(`${dest}/README`, url);
    return { ok: true, value: { path: dest, commit: wanted }, ...AT_ONCE };
  }

  async checkInternetConnectivity(): Promise<boolean> {
    this.requests.push('connectivity');
    return true;
  }

  async checkHealth(): Promise<readonly ServiceHealth[]> {
    this.requests.push('health');
    return [];
  }

  async getCircuitBreakerStatus(): Promise<Readonly<Record<string, BreakerStatus>>> {
    return {};
  }
}

function fail<T>(
  cause: string,
  { failureClass = 'permanent', service }: { readonly service: string; readonly failureClass?: Explanation['class'] },
): Outcome<T> {
  const explanation: Explanation = { class: failureClass, code: 'test', cause, hint: 'Look.', failedHosts: [], evidence: [] };
  return { ok: false, reason: 'failed', explanation, service, attempts: 1, waitedMs: 0, retryAfterMs: null };
}
