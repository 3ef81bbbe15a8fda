import { useState } from 'react';

export interface Deed {
  readonly failure: unknown;
  readonly isBusy: boolean;
  /** Runs one request at a time; a failure is kept to be shown. True when it was done. */
  readonly run: (act: () => Promise<void>) => Promise<boolean>;
}

/** What every form with one request needs to know. */
export function useDeed(): Deed {
  const [failure, setFailure] = useState<unknown>(null);
  const [isBusy, setBusy] = useState(false);
  return {
    failure,
    isBusy,
    async run(act) {
      setBusy(true);
      setFailure(null);
      try {
        await act();
        return true;
      } catch (error) {
        setFailure(error);
        return false;
      } finally {
        setBusy(false);
      }
    },
  };
}
