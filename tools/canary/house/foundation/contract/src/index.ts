import { clock } from '@breakwater/kernel';

export const twice = clock * 2;
