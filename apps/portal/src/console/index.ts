export { ConsoleSessions } from './console-sessions.ts';
export { createConsoleUpgradeHandler } from './create-console-upgrade-handler.ts';
