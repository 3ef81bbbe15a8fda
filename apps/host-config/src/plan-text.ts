import { type ChangeDetail, countPlan, type Plan, type PlannedModule, type PlannedStep } from '@breakwater/host-config';
import { type Console, toPrintable, toPrintableLines } from './console.ts';

/** Longer differences are cut: the whole stands in `--json`. */
const MAX_DIFF_LINES = 40;

/** The plan as a person reads it: only what would change, and what would be lost by it. */
export function printPlan(console: Console, plan: Plan): void {
  const { facts, profile } = plan;
  const what = profile === null ? '' : `, profile ${profile}`;
  console.print(console.paint('strong', toPrintable(`Plan for ${facts.hostname} (${facts.osId} ${facts.osVersion}${what})`)));
  for (const note of plan.notes) console.print(`  ${toPrintable(note)}`);
  for (const module of plan.modules) printModule(console, module);
  const { changes, dangers, problems, unchanged } = countPlan(plan);
  for (const danger of dangers) console.print(console.paint('warn', `! ${toPrintable(danger)}`));
  const sum = `${count(changes, 'change')}, ${unchanged} already so${problems === 0 ? '' : `, ${count(problems, 'problem')}`}.`;
  console.print(console.paint(problems > 0 ? 'bad' : changes > 0 ? 'warn' : 'good', sum));
}

export function count(number: number, noun: string): string {
  return `${number} ${noun}${number === 1 ? '' : 's'}`;
}

function printModule(console: Console, module: PlannedModule): void {
  const shown = module.steps.filter((step) => step.outcome.kind !== 'unchanged');
  const same = module.steps.length - shown.length;
  if (shown.length === 0 && module.findings.length === 0) {
    console.print(console.paint('dim', `= ${module.name}: nothing to do`));
    return;
  }
  console.print(`${console.paint('strong', module.name)} ${console.paint('dim', toPrintable(module.description))}`);
  for (const { hint, severity, text } of module.findings) {
    console.print(`  ${console.paint(severity === 'error' ? 'bad' : 'warn', severity)} ${toPrintable(text)} ${toPrintable(hint)}`);
  }
  for (const step of shown) printStep(console, step);
  if (same > 0) console.print(console.paint('dim', `  = ${count(same, 'step')} already so`));
}

function printStep(console: Console, { isOptional, outcome, title }: PlannedStep): void {
  const optional = isOptional ? console.paint('dim', ' (optional)') : '';
  if (outcome.kind === 'problem') {
    console.print(`  ${console.paint('bad', 'x')} ${toPrintable(title)}${optional}: ${toPrintable(outcome.text)} [${outcome.code}]`);
  }
  if (outcome.kind !== 'change') return;
  console.print(`  ${console.paint('warn', '~')} ${toPrintable(title)}${optional}: ${toPrintable(outcome.change.summary)}`);
  for (const detail of outcome.change.details) printDetail(console, detail);
}

function printDetail(console: Console, detail: ChangeDetail): void {
  if (detail.kind === 'file' && detail.diff !== '') {
    const lines = detail.diff.split('\n').filter((line) => line !== '');
    for (const line of lines.slice(0, MAX_DIFF_LINES)) {
      const tone = line.startsWith('+') ? 'good' : line.startsWith('-') ? 'bad' : 'dim';
      console.print(`      ${console.paint(tone, toPrintable(line))}`);
    }
    if (lines.length > MAX_DIFF_LINES) console.print(console.paint('dim', `      ... ${lines.length - MAX_DIFF_LINES} more lines`));
    return;
  }
  const text = describe(detail);
  if (text !== '') console.print(console.paint('dim', `      ${toPrintableLines(text)}`));
}

function describe(detail: ChangeDetail): string {
  switch (detail.kind) {
    case 'file':
      return `${detail.action} ${detail.path}`;
    case 'attributes':
      return `${detail.path}: ${detail.before} -> ${detail.after}`;
    case 'packages':
      return (['install', 'upgrade', 'remove'] as const)
        .flatMap((verb) => (detail[verb].length === 0 ? [] : [`${verb}: ${detail[verb].join(' ')}`]))
        .join('; ');
    case 'service':
      return `${detail.unit}: ${detail.before} -> ${detail.after}`;
    case 'account':
      return `${detail.name}: ${detail.action}`;
    case 'download':
      return `${detail.url} -> ${detail.path}`;
    case 'command':
      return `$ ${detail.argv.join(' ')}`;
  }
}
