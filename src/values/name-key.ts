const NON_ASCII = /[^ -~]/;

/** The longest text that is looked at as a name, UTF-16 units: more than any name has, however its letters are composed. */
const LONGEST = 1024;

/**
 * A name as it compares: without regard to case, and however its accented letters are composed.
 *
 * Case is taken away as .NET's OrdinalIgnoreCase does it, which the system this contract comes from compares with: each
 * character to its one upper-case character. Not `toUpperCase`, which makes `Maße` and `Masse` the same: the second
 * document would silently become a version of the first. Not `toLowerCase`, for which the last letter of `ΟΔΟΣ` depends
 * on what follows it.
 *
 * What is too long for a name has a key that no name has, and is not looked at further: to compose the accents of a text takes time that
 * goes with the square of their number.
 */
export function nameKey(name: string): string {
  if (name.length > LONGEST) return name.slice(0, LONGEST + 1);
  if (!NON_ASCII.test(name)) return name.toUpperCase();
  return Array.from(name.normalize('NFC'), upperCase).join('');
}

function upperCase(character: string): string {
  const upper = character.toUpperCase();
  return upper.length === character.length ? upper : character;
}
