import { createContext } from 'react';
import type { Formatter } from './format.ts';

export const FormatterContext = createContext<Formatter | null>(null);
