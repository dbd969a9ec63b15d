import { type Access, type AccessRecord, accessOf } from './access.js';
import type { Caller } from './caller.js';
import { accessDenied, libraryOffline } from './failures.js';

/** A folder or a document, as far as it says what may be done with it. */
interface Place {
  readonly access: Access;
  readonly isOffline: boolean;
}

/** @throws Failure unless the content of the place can be read: whoever sees it may, but for an offline library. */
export function requireContent(place: Place): void {
  if (place.isOffline) throw libraryOffline();
}

/** @throws Failure unless the place can be written to. */
export function requireWritable(place: Place): void {
  if (place.access !== 'write') throw accessDenied();
  if (place.isOffline) throw libraryOffline();
}

/** @throws Failure unless the caller may see what has these rights: somebody who saw it once may have lost theirs. */
export function requireVisible(caller: Caller, rights: AccessRecord): void {
  if (accessOf(caller, rights) === 'none') throw accessDenied();
}
