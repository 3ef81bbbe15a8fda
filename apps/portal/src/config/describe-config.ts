import type { Variable } from './variable.ts';
import { VARIABLES } from './variables.ts';

/** One row of the help, as data. */
export interface ConfigRow {
  readonly name: string;
  readonly aliases: readonly string[];
  /** Empty when unset by default. */
  readonly default: string;
  readonly unit: string | null;
  readonly meaning: string;
  readonly isSecret: boolean;
}

export function listConfigRows(): readonly ConfigRow[] {
  return Object.values<Variable>(VARIABLES).map(({ name, aliases, shownDefault, unit, meaning, isSecret }) => ({
    name,
    aliases: isSecret ? [...aliases, `${name}_FILE`] : aliases,
    default: shownDefault,
    unit,
    meaning,
    isSecret,
  }));
}

/** Every variable with default and meaning: `text` for `--help`, `markdown` for the documentation. */
export function describeConfig(options: { readonly format: 'text' | 'markdown' }): string {
  const rows = listConfigRows();
  return options.format === 'text' ? toText(rows) : toMarkdown(rows);
}

function toText(rows: readonly ConfigRow[]): string {
  const blocks = rows.map((row) => {
    const notes = [
      row.default === '' ? 'unset by default' : `default ${row.default}`,
      ...(row.unit === null ? [] : [row.unit]),
      ...(row.aliases.length === 0 ? [] : [`also ${row.aliases.join(', ')}`]),
    ];
    return `  ${row.name} (${notes.join('; ')})\n${wrap(row.meaning, { width: 92, indent: '      ' })}`;
  });
  return `${blocks.join('\n')}\n`;
}

function wrap(text: string, options: { readonly width: number; readonly indent: string }): string {
  const lines: string[] = [];
  let line = '';
  for (const word of text.split(' ')) {
    if (line !== '' && line.length + word.length + 1 > options.width) {
      lines.push(line);
      line = '';
    }
    line = line === '' ? word : `${line} ${word}`;
  }
  return [...lines, line].map((each) => options.indent + each).join('\n');
}

function toMarkdown(rows: readonly ConfigRow[]): string {
  const cells = rows.map((row) => {
    const names = [row.name, ...row.aliases].map((name) => `\`${name}\``).join(' or ');
    const value = row.default === '' ? 'unset' : `\`${row.default}\``;
    return `| ${names} | ${value} | ${row.unit ?? ''} | ${row.meaning.replaceAll('|', '\\|')} |`;
  });
  return ['| Variable | Default | Unit | Meaning |', '|---|---|---|---|', ...cells, ''].join('\n');
}
