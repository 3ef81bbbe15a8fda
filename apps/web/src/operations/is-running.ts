import type { Operation } from '@breakwater/contract';

export const isRunning = (operation: Operation): boolean => operation.state === 'queued' || operation.state === 'running';
