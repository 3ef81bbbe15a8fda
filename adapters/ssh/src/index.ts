export { createSshDoor } from './create-ssh-door.ts';
export { createSshExecutor, type SshExecutorOptions } from './create-ssh-executor.ts';
export { removeLeftFolders } from './private-folder.ts';
