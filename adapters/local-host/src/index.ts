export { createLocalExecutor, type LocalExecutorOptions } from './create-local-executor.ts';
