import { type Random, systemRandom } from '@breakwater/kernel';
import { AimdLimiter } from './aimd-limiter.ts';
import { DelayLimiter } from './delay-limiter.ts';
import type { Limiter, LimiterChange } from './limiter.ts';
import type { LimiterSpec } from './limiter-spec.ts';
import { PacedWindowLimiter } from './paced-window-limiter.ts';
import { WrittenDelayLimiter } from './written-delay-limiter.ts';

export interface CreateLimiterOptions {
  readonly onChange?: ((change: LimiterChange) => void) | undefined;
  readonly random?: Random | undefined;
}

/** Null where nothing is learned. */
export function createLimiter(spec: LimiterSpec, options: CreateLimiterOptions): Limiter | null {
  switch (spec.kind) {
    case 'fixed':
      return null;
    case 'delay':
      if (spec.law === 'as-written') return new WrittenDelayLimiter(spec, { onChange: options.onChange });
      return new DelayLimiter(spec, { onChange: options.onChange });
    case 'pacedWindow':
      return new PacedWindowLimiter(spec, { onChange: options.onChange, random: options.random ?? systemRandom });
    case 'aimd':
      return new AimdLimiter(spec);
    case 'custom':
      return spec.create();
  }
}
