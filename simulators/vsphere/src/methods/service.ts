import { formatInstant } from '@breakwater/kernel';
import type { ServerState } from '../server-state.ts';

export const serviceContent = (server: ServerState): unknown => ({ ...server.personality.content, about: server.personality.about });

export const currentTime = (server: ServerState): string => formatInstant(server.clock.wall());
