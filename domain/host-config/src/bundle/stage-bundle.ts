import type { OpenedBundle } from '../ports/bundle-door.ts';
import type { HostExecutor } from '../ports/host-executor.ts';
import { type AptStage, openAptStage } from './apt-stage.ts';
import type { BundleManifest } from './bundle-manifest.ts';

const FILE = { mode: 0o644, uid: 0, gid: 0 };

/**
 * The host with the packages of a verified bundle as the only source of its apt: an index of our own, whose hashes apt checks once more when it installs.
 * Packages are brought over when the first of them is installed; before, the host gets the index alone, in a folder that goes with the stage.
 */
export async function stageBundle(host: HostExecutor, bundle: OpenedBundle): Promise<AptStage> {
  const { packages } = bundle.manifest;
  let brought: Promise<void> | null = null;
  const bring = async (): Promise<void> => {
    for (const { sha256 } of packages) await host.files.install(bundle.pathOf(sha256), `${stage.path}/pool/${sha256}.deb`, FILE);
  };
  const stage = await openAptStage(host, { before: () => (brought ??= bring()) });
  try {
    const write = (name: string, text: string): Promise<void> =>
      host.files.write(`${stage.path}/${name}`, new TextEncoder().encode(text), FILE);
    // Trusted: every hash of it has been verified, and it lies where only root writes.
    await write('sources.list', `deb [trusted=yes] file:${stage.path} ./\n`);
    await write('Packages', toIndex(packages));
    return stage;
  } catch (error) {
    await stage.close();
    throw error;
  }
}

function toIndex(packages: BundleManifest['packages']): string {
  return packages
    .map(
      ({ control, sha256, sizeBytes }) => `${control.trimEnd()}\nFilename: ./pool/${sha256}.deb\nSize: ${sizeBytes}\nSHA256: ${sha256}\n`,
    )
    .join('\n');
}
