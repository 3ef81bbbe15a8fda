import { OpsError } from '@breakwater/kernel';

/** Takes what `HostFiles` takes: absolute, and without parts that would lead elsewhere than they read. */
export function requireHostPath(path: string): void {
  if (!path.startsWith('/')) throw createHostFileError('HOST_FILE_REFUSED', { path, why: 'the path is not absolute' });
  if (path.includes('\0'))
    throw createHostFileError('HOST_FILE_REFUSED', { path: path.replaceAll('\0', '?'), why: 'the path holds a zero byte' });
  if (path.split('/').some((part) => part === '..' || part === '.')) {
    throw createHostFileError('HOST_FILE_REFUSED', { path, why: 'the path holds "." or ".."' });
  }
}

/** For `removeTree`: what is less than two names deep is part of the system. */
export function requireDeepPath(path: string): void {
  requireHostPath(path);
  if (path.split('/').filter((part) => part !== '').length < 2) {
    throw createHostFileError('HOST_FILE_REFUSED', { path, why: 'it is too near to the root to be removed with everything below' });
  }
}

export interface HostFileFault {
  readonly path: string;
  /** Without a full stop. */
  readonly why: string;
  readonly cause?: unknown;
}

export type HostFileErrorCode = 'HOST_FILE_FAILED' | 'HOST_FILE_KIND' | 'HOST_FILE_REFUSED' | 'HOST_FILE_TOO_LARGE';

export function createHostFileError(code: HostFileErrorCode, fault: HostFileFault): OpsError {
  const { cause, path, why } = fault;
  return new OpsError({ code, message: `${path}: ${why}.`, cause, details: { path, reason: why } });
}
