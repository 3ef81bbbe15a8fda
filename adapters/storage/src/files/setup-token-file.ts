import type { SetupTokenStore } from '@breakwater/access';
import { Secret } from '@breakwater/kernel';
import { createPrivateFile, readPrivateFile, removePrivateFile } from './private-files.ts';

/** Keeps the first-run token in a file, so that whoever can read the data folder, and nobody else, can claim the instance. */
export function createSetupTokenFile(path: string): SetupTokenStore {
  return {
    read: async () => {
      const text = (await readPrivateFile(path))?.toString('utf8').trim() ?? '';
      return text === '' ? null : new Secret(text);
    },
    write: async (token) => {
      await removePrivateFile(path);
      await createPrivateFile(path, Buffer.from(`${token.reveal()}\n`));
    },
    remove: () => removePrivateFile(path),
  };
}
