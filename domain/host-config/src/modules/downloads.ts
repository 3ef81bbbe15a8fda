import { z } from 'zod';
import type { HostModule } from '../plan/module.ts';
import type { Step } from '../plan/step.ts';
import { createArchiveStep } from '../resources/transfer/archive-step.ts';
import { createDownloadStep } from '../resources/transfer/download-step.ts';
import { toServiceOfUrl } from '../resources/transfer/service-of-url.ts';
import { absolutePath, octalMode, sha256Hex, webUrl } from './config-fields.ts';

const file = z
  .strictObject({
    /** The same file at one or more places; the next one is asked when one is down. */
    urls: z.tuple([webUrl], webUrl),
    path: absolutePath,
    sha256: sha256Hex.optional(),
    /** Without a hash: whatever the address answers. Must be said. */
    unverified: z.boolean().default(false),
    mode: octalMode.default(0o755),
    /** A tar archive that becomes the folder `path`; so many leading folders of its names are left out. */
    unpack: z.strictObject({ strip: z.int().min(0).max(20).default(1) }).optional(),
    /** The run goes on without it. */
    optional: z.boolean().default(false),
  })
  .refine((each) => (each.sha256 !== undefined) !== each.unverified, 'either "sha256" or "unverified: true" is needed')
  .refine((each) => each.unpack === undefined || each.sha256 !== undefined, 'an archive is unpacked only with its "sha256"');

const schema = z.strictObject({ files: z.array(file).default([]) });

type Config = z.output<typeof schema>;

export const downloads: HostModule<Config> = {
  name: 'downloads',
  description: 'Programs and archives from the web, by their SHA-256',
  priority: 96,
  dependsOn: ['system_base'],
  schema,
  services: ({ files }) => [...new Set(files.map(({ urls }) => toServiceOfUrl(urls[0])))],
  validate({ files }) {
    const twice = files.map(({ path }) => path).filter((path, index, all) => all.indexOf(path) !== index);
    return [
      ...twice.map((path) => ({ severity: 'error' as const, text: `Two downloads go to ${path}.`, hint: 'Give each a path of its own.' })),
      ...files
        .filter(({ unverified }) => unverified)
        .map(({ path }) => ({
          severity: 'warning' as const,
          text: `${path} is taken without a check of what it is.`,
          hint: 'Give its sha256.',
        })),
    ];
  },
  steps: ({ files }) => files.map(toStep),
};

function toStep({ mode, optional, path, sha256, unpack, urls }: Config['files'][number]): Step {
  const transfer = { urls, path, service: toServiceOfUrl(urls[0]), isOptional: optional };
  if (unpack !== undefined && sha256 !== undefined) return createArchiveStep({ ...transfer, sha256, strip: unpack.strip });
  return createDownloadStep({ ...transfer, sha256: sha256 ?? null, attributes: { mode } });
}
