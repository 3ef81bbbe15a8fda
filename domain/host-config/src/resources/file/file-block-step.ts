import type { Step } from '../../plan/step.ts';
import { replaceBlock } from './file-block.ts';
import { createFileStep, type FileStepOptions } from './file-step.ts';

export interface FileBlockStepOptions extends Omit<FileStepOptions, 'content'> {
  /** Of the block, unique within the file. */
  readonly name: string;
  readonly lines: readonly string[];
  /** What begins a comment in this file. */
  readonly comment?: string;
}

/** A marked part of a file that others own. */
export function createFileBlockStep(options: FileBlockStepOptions): Step {
  const { comment, lines, name, ...file } = options;
  const block = { name, lines, ...(comment === undefined ? {} : { comment }) };
  const step = createFileStep({ ...file, content: (current) => replaceBlock(current, block) });
  return { ...step, id: `block:${file.path}#${name}` };
}
