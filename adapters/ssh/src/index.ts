export { createSshExecutor, type SshExecutorOptions } from './create-ssh-executor.ts';
