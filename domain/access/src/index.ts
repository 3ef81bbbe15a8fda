export type { Access, OpenedSession, Permission, Principal } from './access.ts';
