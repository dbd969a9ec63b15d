import path from 'node:path';
import mime from 'mime-types';

/** The media type of a document, from the extension of its name (CONTRACT, Chunked download). */
export function contentType(documentName: string): string {
  return mime.lookup(path.extname(documentName)) || 'application/octet-stream';
}
