export { DEFAULT_QUESTION, type MachineReport, SimulatorControl, type SimulatorReport } from './control.ts';
export type { Arrival, CounterReport } from './counters.ts';
export { FAULT_KINDS, type FaultEffect, type FaultRule, FaultRules } from './fault-rules.ts';
export { createFleetPersonality } from './fleet-presets.ts';
export { DEFAULT_LIMITS, type ServerLimits } from './limits.ts';
export { DEFAULT_TIMINGS, type LifecycleTimings } from './model/guest-lifecycle.ts';
export type { ConnectionState, MachineQuestion } from './model/machine.ts';
export { PERSONALITY_IDS, type PersonalityId } from './personality.ts';
export { DEFAULT_USERS, type SimulatorOptions, startVsphereSimulator, type VsphereSimulator } from './simulator.ts';
