import { OpsError } from '@breakwater/kernel';
import type { Command } from 'commander';
import { showPlan } from '../commands/plan.ts';
import { writeByWizard } from '../commands/wizard.ts';
import { openConsole, type ProgramRoom, withSession } from './action.ts';

export function addWizard(program: Command, room: ProgramRoom): void {
  program
    .command('wizard')
    .description('asks what the host shall be, writes a settings file, and shows the plan')
    .argument('[file]', 'the file to write', 'host.yaml')
    .action(async (file: string, _options: unknown, command: Command) => {
      const { surroundings } = room;
      const prompter = await surroundings.openPrompter();
      if (prompter === null) {
        throw new OpsError({
          code: 'HOST_USAGE_TERMINAL',
          message: 'The wizard needs a terminal. Without one: vps-configurator config init host.yaml',
        });
      }
      const { modules, profiles } = await surroundings.loadParts();
      await writeByWizard(file, { console: openConsole(command, room), prompter, profiles, modules });
      command.setOptionValue('config', file);
      await withSession(command, room, ({ console, flags, session }) => showPlan(console, session, flags));
    });
}
