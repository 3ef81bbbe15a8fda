/** Files that the simulator has left on its datastores, by datastore name and path. */
export class DatastoreFiles {
  readonly #files = new Map<string, Buffer>();

  write(datastore: string, path: string, options: { readonly content: Buffer }): void {
    this.#files.set(keyOf(datastore, path), options.content);
  }

  read(datastore: string, path: string): Buffer | undefined {
    return this.#files.get(keyOf(datastore, path));
  }

  delete(datastore: string, path: string): boolean {
    return this.#files.delete(keyOf(datastore, path));
  }

  /** As `[datastore] path`. */
  list(): string[] {
    return [...this.#files.keys()];
  }
}

const keyOf = (datastore: string, path: string): string => `[${datastore}] ${path}`;

/** Splits `[datastore] path`. */
export function parseDatastorePath(text: string): { readonly datastore: string; readonly path: string } | undefined {
  const match = /^\[([^\]]+)\]\s*(.+)$/.exec(text);
  return match === null ? undefined : { datastore: match[1] ?? '', path: match[2] ?? '' };
}
