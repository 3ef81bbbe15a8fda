export { type Config, type ConfigFiles, type ConfigResult, formatConfig, readConfig } from '../config.ts';
export { type ConfigRow, describeConfig, listConfigRows } from './describe-config.ts';
