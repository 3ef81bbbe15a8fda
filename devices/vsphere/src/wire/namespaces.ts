/** Prefixes bound at one point of a document. Immutable, so that an element seen before can be recognised by its scope. */
export class NamespaceScope {
  readonly #parent: NamespaceScope | undefined;
  readonly #prefix: string;
  readonly #uri: string;

  private constructor(parent: NamespaceScope | undefined, prefix: string, uri: string) {
    this.#parent = parent;
    this.#prefix = prefix;
    this.#uri = uri;
  }

  static createRoot(): NamespaceScope {
    const none = new NamespaceScope(undefined, '', '');
    return new NamespaceScope(none, 'xml', 'http://www.w3.org/XML/1998/namespace');
  }

  bind(prefix: string, uri: string): NamespaceScope {
    return new NamespaceScope(this, prefix, uri);
  }

  /** Undefined for a prefix that nobody bound; the empty string where no default namespace is in force. */
  lookup(prefix: string): string | undefined {
    if (this.#prefix === prefix) return this.#uri;
    let scope = this.#parent;
    while (scope !== undefined && scope.#prefix !== prefix) scope = scope.#parent;
    return scope === undefined ? undefined : scope.#uri;
  }
}
