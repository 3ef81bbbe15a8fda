export { createBundleDoor } from './bundle-files.ts';
export { createDownloadDoor, type DownloadDoorOptions } from './create-download-door.ts';
export { createLocalExecutor, type LocalExecutorOptions } from './create-local-executor.ts';
