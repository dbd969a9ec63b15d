import { Failure } from '../values/failure.js';

/* What a caller is told about handlers. To anyone but the session that made it, and once it has expired, been deleted or
 * been committed, a handler does not exist: one text for all of that (CONTRACT, Chunked upload). */

export const noUploadHandler = (): Failure => new Failure('The upload handler does not exist or has expired.');
export const noDownloadHandler = (): Failure => new Failure('The download handler does not exist or has expired.');

/** For text that is no GUID (seed UploadFileChunk, Error Codes). */
export const invalidUploadHandler = (): Failure => new Failure('Invalid upload handler.');
/** For text that is no GUID (CONTRACT, Chunked download). */
export const invalidDownloadHandler = (text: string): Failure =>
  new Failure(`Invalid download handler. (${text})`, { summary: 'Invalid download handler.' });

export const uploadIncomplete = (): Failure =>
  new Failure('The upload is not complete: the last chunk has not been received.');
export const uploadComplete = (): Failure =>
  new Failure('The upload is complete: the last chunk has been received already.');

/* The limits per user. They are settings; the texts say which limit was met, and what the caller can do. */

export const tooManyHandlers = (most: number): Failure =>
  new Failure(
    `You have ${most} handlers open, which is the most a user may have. Delete handlers or commit uploads first.`,
  );
export const tooMuchStaged = (most: number): Failure =>
  new Failure(
    `Your uploads take ${most} bytes or more, which is the most a user may stage. Commit or delete uploads first.`,
  );
/** For what is written beside the uploads: zips, and documents in one call. */
export const tooMuchInUse = (most: number): Failure =>
  new Failure(
    `Your uploads and zips take more than ${most} bytes, which is the most a user may stage. ` +
      'Commit uploads or delete handlers first.',
  );
export const uploadTooLarge = (most: number): Failure =>
  new Failure(`The document is larger than ${most} bytes, which is the most an upload may have.`);
