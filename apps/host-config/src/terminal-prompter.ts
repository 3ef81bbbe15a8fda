import { OpsError } from '@breakwater/kernel';
import { confirm, isCancel, select, text } from '@clack/prompts';
import type { Prompter } from './commands/wizard.ts';

/** Questions on this process's terminal. Ctrl-C ends them, and then nothing is written. */
export function createTerminalPrompter(): Prompter {
  return {
    choose: async (message, options) => refuseCancel(await select({ message, options: [...options] })),
    text: async (message, { check, hint, initial }) =>
      refuseCancel(
        await text({
          message,
          ...(hint === undefined ? {} : { placeholder: hint }),
          ...(initial === undefined ? {} : { initialValue: initial }),
          validate: (value) => check?.(value ?? ''),
        }),
      ) ?? '',
    confirm: async (message) => refuseCancel(await confirm({ message, initialValue: false })),
  };
}

function refuseCancel<T>(answer: T): Exclude<T, symbol> {
  if (isCancel(answer)) throw new OpsError({ code: 'HOST_INTERRUPTED', message: 'Nothing was written.' });
  return answer as Exclude<T, symbol>;
}
