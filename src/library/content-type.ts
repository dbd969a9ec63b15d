import mime from 'mime-types';

/** The media type of a document, from the extension of its name (CONTRACT, Chunked download). */
export function contentType(documentName: string): string {
  return mime.lookup(documentName) || 'application/octet-stream';
}
