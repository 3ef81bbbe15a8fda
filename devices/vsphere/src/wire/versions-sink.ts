import type { Tag } from './tag.ts';
import { notSoap } from './wire-error.ts';
import type { XmlSink } from './xml-reader.ts';

/** What `vimServiceVersions.xml` says of `urn:vim25`: all versions that the server speaks, the newest first. */
export type ServiceVersions = readonly string[];

/** A server lists some twenty. */
const MAX_VERSIONS = 200;

/** Reads `namespaces/namespace{name, version, priorVersions/version}`. */
export class VersionsSink implements XmlSink {
  readonly #path: string[] = [];
  readonly #versions: string[] = [];
  #name = '';
  #found: string[] = [];

  open(tag: Tag): boolean {
    if (this.#path.length === 0 && tag.local !== 'namespaces') throw notSoap('The answer is no list of API versions.');
    this.#path.push(tag.local);
    if (this.#isAt('namespaces', 'namespace')) {
      this.#name = '';
      this.#found = [];
    }
    return tag.local === 'name' || tag.local === 'version';
  }

  close(text: string): void {
    if (this.#isAt('namespaces', 'namespace', 'name')) this.#name = text.trim();
    else if (this.#isAt('namespaces', 'namespace', 'version')) this.#found.unshift(text.trim());
    else if (this.#isAt('namespaces', 'namespace', 'priorVersions', 'version')) this.#found.push(text.trim());
    else if (this.#isAt('namespaces', 'namespace') && this.#name === 'urn:vim25') this.#versions.push(...this.#found);
    this.#path.pop();
    if (this.#found.length > MAX_VERSIONS || this.#versions.length > MAX_VERSIONS) throw notSoap('The list of API versions is too long.');
  }

  versions(): ServiceVersions {
    return this.#versions;
  }

  #isAt(...path: readonly string[]): boolean {
    return this.#path.length === path.length && path.every((name, index) => this.#path[index] === name);
  }
}
