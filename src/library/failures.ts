import { Failure } from '../values/failure.js';

/* What callers are told about the library. The first three texts are CONTRACT's, word for word. What a user may not read is
 * answered as if it did not exist: by the first or the second. */

export const documentNotFound = (): Failure => new Failure('Document not found.');
export const folderNotFound = (): Failure => new Failure('Folder not found.');
export const accessDenied = (): Failure => new Failure('Access denied.');

export const libraryOffline = (): Failure => new Failure('The document is in an offline library.');
export const versionNotFound = (): Failure => new Failure('Version not found.');
export const noSuchLibrary = (name: string): Failure => new Failure(`There is no library "${name}".`);
