import { createCommandStep, createFileStep, type HostModule } from '@breakwater/host-config';
import { z } from 'zod';

interface HarmlessConfig {
  readonly folder: string;
  readonly text: string;
}

/**
 * A module that leaves the machine alone on which tests run: it writes into one folder. Its second step notes each beginning in `FOLDER.begun` and goes on for as
 * long as there is a file `FOLDER.hold`.
 */
export const module: HostModule<HarmlessConfig> = {
  name: 'harmless',
  description: 'Files in one folder',
  priority: 1,
  dependsOn: [],
  schema: z.strictObject({ folder: z.string(), text: z.string().default('one') }),
  services: () => [],
  validate: () => [],
  steps: ({ folder, text }) => [
    createFileStep({
      path: `${folder}/first`,
      content: `${text}\n`,
      attributes: { uid: process.getuid?.() ?? 0, gid: process.getgid?.() ?? 0 },
    }),
    createCommandStep({
      id: 'hold',
      title: 'Wait for a friend',
      argv: ['sh', '-c', 'echo x >>"$1.begun"; while [ -e "$1.hold" ]; do sleep 0.05; done; touch "$1/second"', 'sh', folder],
      creates: `${folder}/second`,
      undo: { argv: ['rm', '-f', `${folder}/second`], title: 'Remove the second file' },
      timeoutMs: 60_000,
    }),
  ],
};
