import type { HostSetupProgress } from '@breakwater/contract';
import type { TFunction } from 'i18next';

/** `Step 3 of 12 · packages · Install packages`, as far as each part is known. */
export function describeProgress(t: TFunction, progress: HostSetupProgress): string {
  if (progress.phase !== 'working') return t(`host_phase.${progress.phase}`);
  const { module, step, steps_done: done, steps_total: total } = progress;
  const count = total === 0 ? t('host_phase.working') : t('host_progress.step', { step: Math.min(done + 1, total), total });
  return [count, module, step].filter((part) => part !== null).join(' · ');
}
