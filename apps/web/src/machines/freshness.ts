import type { Server, ServerState } from '@breakwater/contract';

/** True while the server confirms what we show. */
const FRESH: ReadonlySet<ServerState> = new Set(['live', 'slow', 'connecting']);

export const isStale = (server: Server | undefined): boolean => server === undefined || !FRESH.has(server.state);

/** Somebody has to look, or something is broken; pausing is a choice, not trouble. */
const CALM: ReadonlySet<ServerState> = new Set(['live', 'connecting', 'paused', 'disabled']);

export const isTroubled = (server: Server): boolean => !CALM.has(server.state);

/** Pictures are renewed about every two minutes; older than three rounds is worth telling. */
export const SCREEN_OLD_MS = 6 * 60_000;
