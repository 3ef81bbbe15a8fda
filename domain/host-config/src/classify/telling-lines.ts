import type { ToolOutput } from './failure.ts';

/** Foreign output may be as long as it likes; what decides stands at its end. */
const MAX_CHARACTERS = 256 * 1_024;
const MAX_LINE = 4_096;

/** Colours of a terminal begin with it. */
const ESCAPE = '\u001b';

const APT_PROGRESS =
  /^(?:Get|Hit|Ign|Err):\d+ |^(?:Selecting|Preparing|Unpacking|Setting up|Reading|Building|Fetched|Removing|Processing) /;
const APT_TROUBLE = /^(?:E|W|Error|Warning|Err): /;

/**
 * The lines that may decide. Of apt, an `Err:` line and what is indented below it tell of one attempt at one source, which may have been
 * made good since; what lasts stands behind `E:` and `W:`. A run that ended well is judged by those alone.
 */
export function toTellingText(output: ToolOutput): string {
  const lines = [...toLines(output.stderr), ...toLines(output.stdout)];
  if (output.tool !== 'apt') return lines.join('\n');
  return (output.exitCode === 0 ? keepAptTrouble(lines) : dropAptAttempts(lines)).join('\n');
}

function toLines(text: string): readonly string[] {
  return text
    .slice(-MAX_CHARACTERS)
    .split(/\r\n|\n|\r/)
    .map((line) => hideCredentials(stripColors(line).slice(0, MAX_LINE)));
}

function dropAptAttempts(lines: readonly string[]): readonly string[] {
  let isBelowAttempt = false;
  return lines.filter((line) => {
    if (APT_PROGRESS.test(line)) {
      isBelowAttempt = true;
      return false;
    }
    if (isBelowAttempt && /^ {2,}\S/.test(line)) return false;
    isBelowAttempt = false;
    return true;
  });
}

/** With the lines that go on below each: a signature's verdict of apt 3 is told over several. */
function keepAptTrouble(lines: readonly string[]): readonly string[] {
  let isKept = false;
  return lines.filter((line) => {
    isKept = APT_TROUBLE.test(line) || (isKept && /^\s+\S/.test(line));
    return isKept;
  });
}

/** What is read here is shown, logged and stored. */
function hideCredentials(line: string): string {
  return line.includes('@') ? line.replace(/(\b[a-z+]{2,16}:\/\/)[^\s/@'"]*@/g, '$1***@') : line;
}

function stripColors(line: string): string {
  if (!line.includes(ESCAPE)) return line;
  const [first = '', ...rest] = line.split(ESCAPE);
  return first + rest.map((part) => part.replace(/^\[[0-9;]*[A-Za-z]/, '')).join('');
}
