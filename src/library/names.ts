import { Failure } from '../values/failure.js';
import { isWritableLine } from '../values/writable-text.js';

/** The longest name of a library, a folder or a document, in UTF-16 units, as on Windows. */
export const MAX_NAME_LENGTH = 255;

const RESERVED = /[\\/:*?"<>|]/;
const EDGES = /^\s|[\s.]$/;
/** What Windows takes for a device, whatever extension follows. */
const DEVICE = /^(?:CON|PRN|AUX|NUL|CONIN\$|CONOUT\$|(?:COM|LPT)[0-9\u00b9\u00b2\u00b3]) *(?:\.|$)/i;
/**
 * What is not seen and makes a name look like another: embeddings, overrides and isolates of writing direction (Unicode, UAX 9), zero-width
 * spaces. The marks of direction and the joiners are not among them: words of Hebrew, Persian, Hindi and emoji are written with those.
 */
const DECEPTIVE = /[\u202a-\u202e\u2066-\u2069\u200b\u2060\ufeff]/;

/**
 * Checks a name that is to be given to something; what has another name already keeps it. The rules are those of the Windows file system,
 * which callers know and which zips and downloads end up on; with them no name can lead out of its folder. @throws Failure
 */
export function checkName(name: string): void {
  const fault = faultOf(name);
  if (fault !== undefined) throw new Failure(`The name ${fault}.`);
}

function faultOf(name: string): string | undefined {
  if (name === '') return 'is empty';
  if (name.length > MAX_NAME_LENGTH) return `is longer than ${MAX_NAME_LENGTH} characters`;
  if (!isWritableLine(name)) return 'contains control characters';
  if (RESERVED.test(name)) return 'contains one of the characters \\ / : * ? " < > |';
  if (DECEPTIVE.test(name)) return 'contains characters that are not seen';
  if (DEVICE.test(name)) return 'is that of a device on Windows';
  if (EDGES.test(name)) return 'begins or ends with white space, or ends with a dot';
  return undefined;
}
