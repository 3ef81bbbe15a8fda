import type { HostCommand } from '../ports/host-executor.ts';
import type { CommandScript, MemoryHost } from './memory-host.ts';

export interface MemoryPackage {
  readonly version: string;
  readonly depends?: readonly string[];
  readonly conflicts?: readonly string[];
  /** Put there with the package, and gone when it is purged. */
  readonly files?: Readonly<Record<string, string>>;
  /** Units that come with it, enabled and started as Debian does. */
  readonly units?: readonly string[];
}

export type MemoryCatalog = Readonly<Record<string, MemoryPackage>>;

const STATUS = '/var/lib/dpkg/status';
const wants = (unit: string): string => `/etc/systemd/system/multi-user.target.wants/${unit}`;

interface Installed {
  readonly version: string;
  readonly mark: 'hold' | 'install';
}

/** dpkg's state of a host in memory, in its own shape but in the place where dpkg has it, so that a snapshot of the tree covers it. */
export class MemoryPackages {
  readonly #catalog: MemoryCatalog;
  readonly #host: MemoryHost;

  constructor(host: MemoryHost, catalog: MemoryCatalog) {
    this.#host = host;
    this.#catalog = catalog;
  }

  installed(): ReadonlyMap<string, Installed> {
    const lines = (this.#host.text(STATUS) ?? '').split('\n').filter((line) => line !== '');
    return new Map(
      lines.map((line) => {
        const [name = '', version = '', mark] = line.split(' ');
        return [name, { version, mark: mark === 'hold' ? 'hold' : 'install' }];
      }),
    );
  }

  /** What apt would do; null when it knows one of them not, or not in that version. */
  resolve(wanted: readonly string[]): { readonly install: readonly string[]; readonly remove: readonly string[] } | null {
    const present = this.installed();
    const install: string[] = [];
    const remove: string[] = [];
    const add = (each: string): boolean => {
      const [name = '', version] = each.split('=');
      const found = this.#catalog[name];
      if (found === undefined || (version !== undefined && version !== found.version)) return false;
      if (present.has(name) || install.includes(name)) return true;
      install.push(name);
      remove.push(...(found.conflicts ?? []).filter((other) => present.has(other)));
      return (found.depends ?? []).every(add);
    };
    return wanted.every(add) ? { install, remove } : null;
  }

  install(wanted: readonly string[]): readonly string[] {
    const change = this.resolve(wanted) ?? { install: [], remove: [] };
    this.remove(change.remove);
    const present = new Map(this.installed());
    for (const name of change.install) {
      const { files = {}, units = [], version } = this.#catalog[name] ?? { version: '' };
      present.set(name, { version, mark: 'install' });
      for (const [path, text] of Object.entries(files)) this.#host.put(path, text);
      for (const unit of units) {
        this.#host.put(`/lib/systemd/system/${unit}`, '[Unit]\n');
        this.#host.put(wants(unit), '', { mtimeMs: 1 });
        this.#host.put(`/run/active/${unit}`, '', { mtimeMs: 1 });
      }
    }
    this.#write(present);
    return change.install;
  }

  remove(names: readonly string[]): void {
    const present = new Map(this.installed());
    for (const name of names) {
      const { files = {}, units = [] } = this.#catalog[name] ?? { version: '' };
      present.delete(name);
      for (const path of Object.keys(files)) this.#host.erase(path);
      for (const unit of units)
        for (const path of [`/lib/systemd/system/${unit}`, wants(unit), `/run/active/${unit}`]) this.#host.erase(path);
    }
    this.#write(present);
  }

  mark(name: string, mark: Installed['mark']): void {
    const present = new Map(this.installed());
    const found = present.get(name);
    if (found !== undefined) present.set(name, { ...found, mark });
    this.#write(present);
  }

  /** dpkg-query, apt-get and apt-mark, as far as the resources use them. */
  readonly script: CommandScript = ({ argv }: HostCommand) => {
    const [program, ...args] = argv;
    if (program === 'dpkg-query') return this.#query(args.filter((each) => !each.startsWith('-') && !each.includes('$')));
    if (program === 'apt-mark') {
      this.mark(args[1] ?? '', args[0] === 'hold' ? 'hold' : 'install');
      return {};
    }
    return program === 'apt-get' ? this.#aptGet(args) : undefined;
  };

  #query(names: readonly string[]): { readonly stdout: string } {
    const present = this.installed();
    const lines = names.flatMap((name) => {
      const found = present.get(name);
      return found === undefined ? [] : [`${name}\t${found.version}\t${found.mark} ok installed\n`];
    });
    return { stdout: lines.join('') };
  }

  #aptGet(args: readonly string[]): { readonly exitCode?: number; readonly stdout?: string; readonly stderr?: string } | undefined {
    const words = args.filter((each, index) => !each.startsWith('-') && args[index - 1] !== '-o');
    const [verb, ...names] = words;
    const isSimulation = args.includes('-s');
    if (verb === 'purge' || verb === 'remove') {
      const present = this.installed();
      const dependents = [...present.keys()].filter((name) => this.#catalog[name]?.depends?.some((each) => names.includes(each)));
      const going = [...new Set([...names, ...dependents])];
      if (isSimulation) return { stdout: going.map((name) => `Remv ${name} [${present.get(name)?.version}]\n`).join('') };
      this.remove(going);
      return {};
    }
    if (verb !== 'install') return undefined;
    const change = this.resolve(names);
    if (change === null) return { exitCode: 100, stderr: 'E: Unable to locate package\n' };
    if (!isSimulation) this.install(names);
    const installs = change.install.map((name) => `Inst ${name} (${this.#catalog[name]?.version} Debian:12 [amd64])\n`);
    return { stdout: [...change.remove.map((name) => `Remv ${name} [1]\n`), ...installs].join('') };
  }

  /** At a time of its own: dpkg's file is written anew with every change and is not what a rollback puts back. */
  #write(present: ReadonlyMap<string, Installed>): void {
    const lines = [...present].toSorted(([a], [b]) => (a < b ? -1 : 1)).map(([name, { mark, version }]) => `${name} ${version} ${mark}\n`);
    this.#host.put(STATUS, lines.join(''), { mtimeMs: 1 });
  }
}
