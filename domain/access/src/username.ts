/** What makes two names the same person: compatibility forms and case do not tell people apart. */
export function toUsernameKey(username: string): string {
  return username.trim().normalize('NFKC').toLowerCase();
}
