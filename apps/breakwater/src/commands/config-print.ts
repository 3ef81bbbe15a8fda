import { describeConfig, formatConfig } from '@breakwater/portal';
import { loadConfig } from '../config.ts';
import type { Terminal } from '../terminal.ts';

/** Effective values with secrets hidden, or the table of all variables. */
export async function printConfig(terminal: Terminal, options: { readonly format: 'values' | 'text' | 'markdown' }): Promise<void> {
  const text = options.format === 'values' ? formatConfig(await loadConfig()) : describeConfig({ format: options.format });
  terminal.print(text.trimEnd());
}
