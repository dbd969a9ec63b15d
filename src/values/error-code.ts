/** The code of an error, as those of Node.js, the operating system and SQLite have one. Errors may be of another realm, so their class tells nothing. */
export function codeOf(error: unknown): string | undefined {
  if (typeof error !== 'object' || error === null || !('code' in error)) return undefined;
  return String(error.code);
}
