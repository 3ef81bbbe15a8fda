import { readFile, rm, stat, writeFile } from 'node:fs/promises';

/** What an earlier transfer has left: bytes in `.part`, and in `.note` which version of the file they are of. */
export interface Partial {
  readonly sizeBytes: number;
  readonly validator: string;
}

interface Note {
  readonly url: string;
  /** Null: the server names no version, so nothing can be gone on with. */
  readonly validator: string | null;
}

/** Null: there is nothing to go on with. */
export async function readPartial(path: string, url: string): Promise<Partial | null> {
  try {
    const note = JSON.parse(await readFile(`${path}.note`, 'utf8')) as Note;
    const { size } = await stat(`${path}.part`);
    return note.url === url && note.validator !== null && size > 0 ? { sizeBytes: size, validator: note.validator } : null;
  } catch {
    // Missing or half written: then the transfer begins anew.
    return null;
  }
}

export async function writePartialNote(path: string, note: Note): Promise<void> {
  // The bytes of another version must be gone before the note speaks of this one.
  await rm(`${path}.part`, { force: true });
  await writeFile(`${path}.note`, JSON.stringify(note), { mode: 0o600 });
}

export async function removePartial(path: string): Promise<void> {
  for (const end of ['.part', '.note']) await rm(`${path}${end}`, { force: true });
}
