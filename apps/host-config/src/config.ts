/** https://no-color.org: present and not empty. */
export const isColorRefused = (): boolean => (process.env['NO_COLOR'] ?? '') !== '';
