import { type Console, toPrintable } from '../console.ts';
import { EXIT } from '../exit-codes.ts';
import { planSession, type Session, type SessionFlags } from '../open-session.ts';
import type { HostParts } from '../parts.ts';
import { printBundle } from './bundle-show.ts';

export interface BundleCreateRoom {
  readonly console: Console;
  readonly flags: SessionFlags;
  readonly parts: HostParts;
  readonly session: Session;
  readonly signal: AbortSignal;
}

/** Plans as apply would, fetches what it would fetch, and packs it. 3: something optional could not be had. */
export async function createBundle(path: string, { console, flags, parts, session, signal }: BundleCreateRoom): Promise<number> {
  const { plan } = await planSession(session, flags);
  const { breakers, host, settings, stateDir } = session;
  const draft = await parts.bundles.begin(path);
  const progress = (text: string): void => {
    console.record({ kind: 'bundle.progressed', text });
    console.print(console.paint('dim', toPrintable(text)));
  };
  try {
    const network = { breakers, host, resolved: settings.resolved, stateDir, isOffline: false, signal };
    const manifest = await parts.collectBundle({ ...network, plan, draft, progress });
    const { sha256, sizeBytes } = await draft.finish(manifest, { signal });
    printBundle(console, { path, manifest, sizeBytes, sha256 });
    return manifest.missing.length === 0 ? EXIT.ok : EXIT.degraded;
  } finally {
    await draft.close();
  }
}
