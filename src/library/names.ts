import { Failure } from '../values/failure.js';
import { isWritableLine } from '../values/writable-text.js';

/** The longest name of a library, a folder or a document, in UTF-16 units, as on Windows. */
export const MAX_NAME_LENGTH = 255;

const RESERVED = /[\\/:*?"<>|]/;
const EDGES = /^\s|[\s.]$/;

/**
 * Checks a name that is to be given to something. The rules are those of the Windows file system, which callers know and which
 * zips and downloads end up on; with them no name can lead out of its folder. @throws Failure
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
  if (EDGES.test(name)) return 'begins or ends with white space, or ends with a dot';
  return undefined;
}
