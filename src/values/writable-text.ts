/* Control characters but for tab and line breaks, halves of surrogate pairs, and U+FFFE and U+FFFF (XML 1.0, 2.2). The
 * controls U+007F to U+009F are allowed there and discouraged; no name or comment needs them. */
const UNWRITABLE = /[\p{Cs}\ufffe\uffff]|(?![\t\n\r])\p{Cc}/u;
const CONTROL = /\p{Cc}/u;

/** Whether a text can be written into an XML document, and so into an answer, as it is. */
export function isWritable(text: string): boolean {
  return !UNWRITABLE.test(text);
}

/** Whether a text can be written into an XML document and is one line. What has a name must be that. */
export function isWritableLine(text: string): boolean {
  return !UNWRITABLE.test(text) && !CONTROL.test(text);
}
