import { useEffect, useState } from 'react';
import { useServices } from './services.ts';

/** Wall time that moves on every `everyMs`, for ages and countdowns. */
export function useNow(everyMs: number): number {
  const { clock } = useServices();
  const [now, setNow] = useState(() => clock.wall());
  useEffect(() => {
    let timer = clock.after(everyMs, tick);
    function tick(): void {
      setNow(clock.wall());
      timer = clock.after(everyMs, tick);
    }
    return () => timer.cancel();
  }, [clock, everyMs]);
  return now;
}
