export { type ConfigRow, describeConfig, listConfigRows } from './config/describe-config.ts';
export { type ImportResult, importServersJson } from './config/import-servers.ts';
export { type Config, type ConfigFiles, type ConfigResult, formatConfig, readConfig } from './config.ts';
export { createLogger, type LoggerOptions } from './logger.ts';
export { createPortal, type Portal, type PortalAddress, type PortalOptions } from './portal.ts';
