/** Chromium only: Escape, Alt+Tab and the like reach the page while it is in full screen. */
interface KeyboardLock {
  lock(keys?: readonly string[]): Promise<void>;
  unlock(): void;
}

const findLock = (): KeyboardLock | undefined => (navigator as Navigator & { readonly keyboard?: KeyboardLock }).keyboard;

export const isFullScreen = (): boolean => document.fullscreenElement !== null;

/** `entered`: without the extra keys, because the browser does not offer them or the page did not come by HTTPS. */
export async function toggleFullScreen(): Promise<'left' | 'entered' | 'entered-with-keys' | 'refused'> {
  if (isFullScreen()) {
    findLock()?.unlock();
    await document.exitFullscreen();
    return 'left';
  }
  try {
    await document.documentElement.requestFullscreen();
  } catch (error) {
    console.warn('full screen was refused', error);
    return 'refused';
  }
  const lock = findLock();
  if (lock === undefined) return 'entered';
  return lock.lock().then(
    () => 'entered-with-keys',
    () => 'entered',
  );
}
