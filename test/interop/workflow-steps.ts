/**
 * What a client has to do, in its order. A program reports every step of its workflow by these names, `ok: <step>` or
 * `not ok: <step>: <why>` on a line of its own; a step it does not report has failed.
 */
export const shortWorkflow = [
  'logs in',
  'makes a folder',
  'is told to try a chunk with a wrong CRC again',
  'sends a file in chunks',
  'commits it',
  'reads it in chunks with the right CRCs',
  'has the bytes it sent',
  'reads it in one call',
  'is told that a document is missing',
  'reads a fault',
  'logs out, and the ticket is dead',
] as const;

export const wholeWorkflow = [
  'logs in',
  'is refused with a wrong password',
  'makes a folder',
  'is told the size of its chunks',
  'is told to try a chunk with a wrong CRC again',
  'sends a file in chunks',
  'commits it',
  'opens it for download',
  'reads it in chunks with the right CRCs',
  'has the bytes it sent',
  'reads it in one call',
  'replaces it in one call',
  'still reads the first version',
  'sees both versions',
  'is told that a ticket is not known',
  'is told that a document is missing',
  'reads a fault',
  'logs out, and the ticket is dead',
] as const;
