import type { BundleDoor, BundleManifest } from '@breakwater/host-config';
import { type Console, toPrintable, toTable } from '../console.ts';
import { EXIT } from '../exit-codes.ts';
import { count } from '../plan-text.ts';

/** What the bundle says of itself; `bundle apply` verifies it. */
export async function showBundle(console: Console, path: string, bundles: BundleDoor): Promise<number> {
  const manifest = await bundles.readManifest(path, { signal: new AbortController().signal });
  printBundle(console, { path, manifest, sizeBytes: null, sha256: null });
  return EXIT.ok;
}

interface ShownBundle {
  readonly path: string;
  readonly manifest: BundleManifest;
  /** Known to whoever has just written it. */
  readonly sizeBytes: number | null;
  readonly sha256: string | null;
}

export function printBundle(console: Console, { manifest, path, sha256, sizeBytes }: ShownBundle): void {
  // Indexes of packages are long, and of no use to whoever reads the list.
  const packages = manifest.packages.map(({ control: _control, ...entry }) => entry);
  console.record({ kind: 'bundle', path, sha256, sizeBytes, contents: { ...manifest, packages } });
  const { asked, checkouts, createdAt, downloads, lists, missing, target } = manifest;
  const rows = [
    ...packages.map((each) => ['package', each.name, each.version, each.sizeBytes] as const),
    ...lists.map((each) => ['list', each.name, '-', each.sizeBytes] as const),
    ...downloads.map((each) => ['download', each.urls[0] ?? '', each.sha256.slice(0, 12), each.sizeBytes] as const),
    ...checkouts.map((each) => ['checkout', each.url, each.commit.slice(0, 12), each.sizeBytes] as const),
  ];
  console.print(
    `For ${target.osId} ${target.osVersion} ${target.architecture}, made ${createdAt}, profile ${asked.profile ?? '-'}: ${asked.modules.join(', ')}`,
  );
  console.print(
    toTable(
      ['KIND', 'WHAT', 'WHICH', 'SIZE'],
      rows.map(([kind, what, which, bytes]) => [kind, what, which, toSizeText(bytes)]),
    ),
  );
  for (const { what, why } of missing) console.print(console.paint('warn', `! not in it: ${toPrintable(what)}: ${toPrintable(why)}`));
  if (sha256 === null || sizeBytes === null) return;
  console.print(console.paint('good', `${path}: ${count(rows.length, 'item')}, ${toSizeText(sizeBytes)}`));
  console.print(`SHA-256 ${sha256}\nTell it to whoever applies the bundle by another way: bundle apply --bundle-sha256 ...`);
}

function toSizeText(bytes: number): string {
  if (bytes < 1_024) return `${bytes} B`;
  if (bytes < 1_024 ** 2) return `${(bytes / 1_024).toFixed(1)} KiB`;
  return `${(bytes / 1_024 ** 2).toFixed(1)} MiB`;
}
