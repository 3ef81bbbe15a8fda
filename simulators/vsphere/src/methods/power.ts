import type { Moref } from '@breakwater/vsphere/schema';
import type { Machine } from '../model/machine.ts';
import { assertWritable, type Call, targetMachine } from '../server-state.ts';
import { notSupported, SoapFault } from '../soap/soap-fault.ts';

type PowerState = Machine['powerState'];

export function startMachineTask(
  call: Call,
  machine: Machine,
  plan: { readonly descriptionId: string; readonly finish: () => unknown; readonly cancelable?: 'yes'; readonly durationMs?: number },
): Moref {
  return call.server.tasks.start({
    descriptionId: plan.descriptionId,
    machine,
    entity: machine.ref,
    entityName: machine.name,
    user: call.session.userName,
    durationMs: plan.durationMs ?? call.server.limits.taskMs,
    cancelable: plan.cancelable ?? 'no',
    finish: plan.finish,
  });
}

function invalidPowerState(machine: Machine, requestedState: PowerState): SoapFault {
  return new SoapFault('InvalidPowerState', {
    text: `The attempted operation cannot be performed in the current state (Powered ${machine.powerState === 'poweredOn' ? 'on' : 'off'}).`,
    fields: { requestedState, existingState: machine.powerState },
  });
}

/** Faults of the machine's state surface in the task, as on real hosts; those of the caller's rights at once. */
function powerTask(
  call: Call,
  plan: {
    readonly descriptionId: string;
    readonly privilegeId: string;
    readonly from: readonly PowerState[];
    readonly to: PowerState;
    readonly act: (machine: Machine) => void;
  },
): Moref {
  const machine = targetMachine(call);
  assertWritable(call, plan.privilegeId);
  if (machine.identity.template) throw notSupported();
  if (!machine.isReadable) throw new SoapFault('InvalidState', { text: 'The operation is not allowed in the current state.' });
  const check = (): void => {
    if (!plan.from.includes(machine.powerState)) throw invalidPowerState(machine, plan.to);
  };
  const early = call.server.personality.apiType === 'HostAgent' ? undefined : check;
  early?.();
  return startMachineTask(call, machine, {
    descriptionId: plan.descriptionId,
    finish: () => {
      check();
      plan.act(machine);
    },
  });
}

export const powerOn = (call: Call): Moref =>
  powerTask(call, {
    descriptionId: 'VirtualMachine.powerOn',
    privilegeId: 'VirtualMachine.Interact.PowerOn',
    from: ['poweredOff', 'suspended'],
    to: 'poweredOn',
    act: (machine) => call.server.lifecycle.powerOn(machine),
  });

export const powerOff = (call: Call): Moref =>
  powerTask(call, {
    descriptionId: 'VirtualMachine.powerOff',
    privilegeId: 'VirtualMachine.Interact.PowerOff',
    from: ['poweredOn', 'suspended'],
    to: 'poweredOff',
    act: (machine) => call.server.lifecycle.powerOff(machine),
  });

export const reset = (call: Call): Moref =>
  powerTask(call, {
    descriptionId: 'VirtualMachine.reset',
    privilegeId: 'VirtualMachine.Interact.Reset',
    from: ['poweredOn'],
    to: 'poweredOn',
    act: (machine) => call.server.lifecycle.reset(machine),
  });

export const suspend = (call: Call): Moref =>
  powerTask(call, {
    descriptionId: 'VirtualMachine.suspend',
    privilegeId: 'VirtualMachine.Interact.Suspend',
    from: ['poweredOn'],
    to: 'suspended',
    act: (machine) => call.server.lifecycle.suspend(machine),
  });

export function powerOnMany(call: Call): Moref {
  assertWritable(call, 'VirtualMachine.Interact.PowerOn');
  const { server } = call;
  const refs = call.args['vm'] as readonly Moref[];
  const machines = refs.map((ref) => targetMachine({ ...call, target: ref }));
  return server.tasks.start({
    descriptionId: 'Datacenter.powerOnVm',
    machine: undefined,
    entity: call.target,
    entityName: server.inventory.layout.datacenterName,
    user: call.session.userName,
    durationMs: server.limits.taskMs,
    cancelable: 'no',
    finish: () => {
      const attempted = machines.map((machine) => ({
        vm: machine.ref,
        task: startMachineTask(call, machine, { descriptionId: 'VirtualMachine.powerOn', finish: () => turnOn(call, machine) }),
      }));
      return { $any: 'ClusterPowerOnVmResult', value: { attempted, notAttempted: [] } };
    },
  });
}

function turnOn(call: Call, machine: Machine): void {
  if (machine.powerState === 'poweredOn') throw invalidPowerState(machine, 'poweredOn');
  call.server.lifecycle.powerOn(machine);
}

const GUEST_PRIVILEGES = {
  'power-off': 'VirtualMachine.Interact.PowerOff',
  reboot: 'VirtualMachine.Interact.Reset',
  standby: 'VirtualMachine.Interact.Suspend',
} as const;

/** Guest verbs answer at once; the guest does the rest in its own time. */
function askGuest(call: Call, then: 'power-off' | 'reboot' | 'standby'): void {
  const machine = targetMachine(call);
  assertWritable(call, GUEST_PRIVILEGES[then]);
  if (machine.powerState !== 'poweredOn') throw invalidPowerState(machine, then === 'power-off' ? 'poweredOff' : 'poweredOn');
  if (!machine.areToolsRunning)
    throw new SoapFault('ToolsUnavailable', {
      text: 'Cannot complete operation because VMware Tools is not running in this virtual machine.',
    });
  call.server.lifecycle.requestShutdown(machine, then);
}

export const shutdownGuest = (call: Call): void => askGuest(call, 'power-off');
export const rebootGuest = (call: Call): void => askGuest(call, 'reboot');
export const standbyGuest = (call: Call): void => askGuest(call, 'standby');
