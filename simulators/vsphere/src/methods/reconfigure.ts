import type { Moref, Value } from '@breakwater/vsphere/schema';
import type { Machine } from '../model/machine.ts';
import { changeVersionOf } from '../model/machine-properties.ts';
import { assertWritable, type Call, targetMachine } from '../server-state.ts';
import { findPath } from '../soap/schema-lookup.ts';
import { invalidArgument, notSupported, SoapFault } from '../soap/soap-fault.ts';
import { startMachineTask } from './power.ts';

/** `extraConfig` keys with this prefix overwrite a property of the machine: a test hook that govmomi's simulator has as well. */
const SET_PREFIX = 'SET.';

export function reconfigure(call: Call): Moref {
  assertWritable(call, 'VirtualMachine.Config.Settings');
  const machine = targetMachine(call);
  const spec = call.args['spec'] as Value<'VirtualMachineConfigSpec'>;
  return startMachineTask(call, machine, { descriptionId: 'VirtualMachine.reconfigure', finish: () => applySpec(call, machine, spec) });
}

function applySpec(call: Call, machine: Machine, spec: Value<'VirtualMachineConfigSpec'>): void {
  if (spec.changeVersion !== undefined && spec.changeVersion !== changeVersionOf(machine)) {
    throw new SoapFault('ConcurrentAccess', {
      text: 'The operation cannot complete because of concurrent modification by another operation.',
    });
  }
  const unsupported = Object.keys(spec).find((name) => !['changeVersion', 'name', 'annotation', 'extraConfig'].includes(name));
  if (unsupported !== undefined)
    throw new SoapFault('InvalidVmConfig', { text: `This simulator does not change ${unsupported}.`, fields: { property: unsupported } });
  for (const option of spec.extraConfig ?? []) {
    const { key = '', value } = option;
    if (key.startsWith(SET_PREFIX))
      overwriteProperty(machine, { path: key.slice(SET_PREFIX.length), value: value as string | number | boolean, version: call.version });
    else if (value === '' || value === undefined) machine.extraConfig.delete(key);
    else machine.extraConfig.set(key, String(value as string | number | boolean));
  }
  if (spec.name !== undefined) rename(call, { machine, name: spec.name });
  if (spec.annotation !== undefined) machine.annotation = spec.annotation;
  machine.changeCount++;
  call.server.inventory.world.touch(machine);
}

/** Values are given as text and take the type that the schema gives the path. */
export function overwriteProperty(
  machine: Machine,
  change: { readonly path: string; readonly value: string | number | boolean; readonly version: Call['version'] },
): void {
  const field = findPath('VirtualMachine', { path: change.path, version: change.version });
  if (field === undefined) throw invalidArgument(`${SET_PREFIX}${change.path}`);
  const text = String(change.value);
  if (['int', 'long', 'short'].includes(field.type)) machine.overrides.set(change.path, Number(text));
  else if (field.type === 'boolean') machine.overrides.set(change.path, text === 'true');
  else machine.overrides.set(change.path, text);
}

function rename(call: Call, change: { readonly machine: Machine; readonly name: string }): void {
  const { machine, name } = change;
  if (name === '' || name.length > 80) throw new SoapFault('InvalidName', { text: 'The name is not valid.', fields: { name } });
  for (const other of call.server.inventory.machines()) {
    if (other !== machine && other.name === name && call.server.personality.apiType === 'VirtualCenter') {
      throw new SoapFault('DuplicateName', { text: `The name '${name}' already exists.`, fields: { name, object: other.ref } });
    }
  }
  machine.name = name;
}

export function renameEntity(call: Call): Moref {
  assertWritable(call, 'VirtualMachine.Config.Rename');
  if (call.target.type !== 'VirtualMachine') throw notSupported();
  const machine = targetMachine(call);
  const name = call.args['newName'] as string;
  return startMachineTask(call, machine, {
    descriptionId: 'VirtualMachine.rename',
    finish: () => {
      rename(call, { machine, name });
      call.server.inventory.world.touch(machine);
    },
  });
}

export function destroyEntity(call: Call): Moref {
  assertWritable(call, 'VirtualMachine.Inventory.Delete');
  if (call.target.type !== 'VirtualMachine') throw notSupported();
  const machine = targetMachine(call);
  return startMachineTask(call, machine, {
    descriptionId: 'VirtualMachine.destroy',
    finish: () => {
      if (machine.powerState === 'poweredOn') {
        throw new SoapFault('InvalidPowerState', {
          text: 'The attempted operation cannot be performed in the current state (Powered on).',
          fields: { requestedState: 'poweredOff', existingState: 'poweredOn' },
        });
      }
      call.server.inventory.removeMachine(machine);
    },
  });
}

export function answerQuestion(call: Call): void {
  assertWritable(call, 'VirtualMachine.Interact.AnswerQuestion');
  const machine = targetMachine(call);
  const { question } = machine;
  if (question === undefined || question.id !== call.args['questionId']) throw invalidArgument('questionId');
  if (!question.choices.some((choice) => choice.key === call.args['answerChoice'])) throw invalidArgument('answerChoice');
  machine.question = undefined;
  call.server.inventory.world.touch(machine);
  call.server.tasks.resume(machine);
}
