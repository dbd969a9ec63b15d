import { v4, validate } from 'uuid';

/** A GUID as this server writes it: 32 lower-case digits, hyphenated. */
export type Guid = string & { readonly __brand: 'Guid' };

const HYPHENATED = /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/i;
const DIGITS = /^([0-9a-f]{8})([0-9a-f]{4})([0-9a-f]{4})([0-9a-f]{4})([0-9a-f]{12})$/i;
const ENCLOSED = /^(?:\{(.*)\}|\((.*)\))$/s;

/** The longest text worth looking at: a hyphenated GUID in braces, with generous white space around it. */
const MAX_TEXT = 256;

/** A new random (version 4) GUID. */
export function newGuid(): Guid {
  return v4() as Guid;
}

/**
 * Reads a GUID in the forms .NET's `Guid.Parse` takes: 32 digits (N), hyphenated (D), hyphenated in braces (B) or
 * parentheses (P), in any case and with white space around. Returns undefined for anything else.
 */
export function parseGuid(text: string): Guid | undefined {
  if (text.length > MAX_TEXT) return undefined;
  const trimmed = text.trim();
  const enclosed = ENCLOSED.exec(trimmed);
  if (enclosed) return hyphenated(enclosed[1] ?? enclosed[2] ?? '');
  const digits = DIGITS.exec(trimmed);
  if (digits) return digits.slice(1).join('-').toLowerCase() as Guid;
  return hyphenated(trimmed);
}

/** True for text in the form {@link newGuid} writes. Used where a name on disk must be one of ours. */
export function isCanonicalGuid(text: string): text is Guid {
  return validate(text) && text === text.toLowerCase();
}

function hyphenated(text: string): Guid | undefined {
  return HYPHENATED.test(text) ? (text.toLowerCase() as Guid) : undefined;
}
