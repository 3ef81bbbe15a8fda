/**
 * Gives the focus away once React has drawn and React Aria has looked for what opened a dialog: that may be gone, and then
 * the focus would be nowhere.
 */
export function focusSoon(find: () => HTMLElement | null): void {
  requestAnimationFrame(() => requestAnimationFrame(() => find()?.focus()));
}

/** Leads to the field that needs a hand. */
export const focusFirstProblem = (form: HTMLFormElement): void => focusSoon(() => form.querySelector<HTMLElement>('[aria-invalid="true"]'));
