import type { ServerLimits } from '@breakwater/contract';
import type { ControlDesk } from './control-desk.ts';
import { LIMIT_PRESETS } from './limit-presets.ts';
import type { Protection } from './protection.ts';
import type { ServerRegistry } from './server-registry.ts';

export function createProtection(parts: {
  readonly registry: ServerRegistry;
  readonly desk: ControlDesk;
  readonly configuredLimits: ServerLimits;
}): Protection {
  const { registry, desk, configuredLimits } = parts;
  return {
    presets: LIMIT_PRESETS,
    configuredLimits,
    servers: () => registry.units().map((unit) => unit.resilience()),
    server: (id) => registry.unit(id).resilience(),
    history: (id, span) => registry.unit(id).protection.recorder.history(span),
    trip: async (id, options) => desk.trip(registry.unit(id), options),
    isolate: async (id, options) => desk.isolate(registry.unit(id), options),
    async reset(id, options) {
      if (id !== undefined) return desk.reset(registry.unit(id), options);
      for (const unit of registry.units()) {
        const figures = unit.figures();
        const isOpen = (figures?.breaker.state ?? 'closed') !== 'closed';
        // Too few failures for the breaker may still have made the server slow.
        const isSlowed = (figures?.delayMs ?? 0) > 0;
        if (isOpen || isSlowed || unit.protection.controls.isolation !== null) await desk.reset(unit, options);
      }
    },
    pausePolling: async (id, options) => desk.pausePolling(registry.unit(id), options),
    resumePolling: async (id, options) => desk.resumePolling(registry.unit(id), options),
    setLimits: async (id, change, options) => desk.setLimits(registry.unit(id), change, options),
    revertLimits: async (id, options) => desk.revertLimits(registry.unit(id), options),
  };
}
