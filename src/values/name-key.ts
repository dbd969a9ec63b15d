const NON_ASCII = /[^ -~]/;

/**
 * A name as it compares: without regard to case, and however its accented letters are composed.
 *
 * Case is taken away as .NET's OrdinalIgnoreCase does it, which the system this contract comes from compares with: each
 * character to its one upper-case character. Not `toUpperCase`, which makes `Maße` and `Masse` the same: the second
 * document would silently become a version of the first. Not `toLowerCase`, for which the last letter of `ΟΔΟΣ` depends
 * on what follows it.
 */
export function nameKey(name: string): string {
  if (!NON_ASCII.test(name)) return name.toUpperCase();
  return Array.from(name.normalize('NFC'), upperCase).join('');
}

function upperCase(character: string): string {
  const upper = character.toUpperCase();
  return upper.length === character.length ? upper : character;
}
