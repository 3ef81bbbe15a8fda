import { describeConfig, formatConfig } from '@breakwater/portal/config';
import { loadConfig } from '../config.ts';
import type { Terminal } from '../terminal.ts';

/** Effective values with secrets hidden, or the table of all variables. */
export function printConfig(terminal: Terminal, options: { readonly format: 'values' | 'text' | 'markdown' }): void {
  const text = options.format === 'values' ? formatConfig(loadConfig()) : describeConfig({ format: options.format });
  terminal.print(text.trimEnd());
}
