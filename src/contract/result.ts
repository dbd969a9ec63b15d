/**
 * Bytes to be sent as they are read: the content of an answer, which never stands in memory as a whole. The binding
 * closes it, whatever becomes of the answer.
 */
export interface ContentSource {
  /** Length in bytes. */
  readonly length: number;
  /** Whether the bytes are elements, written already: then they stand in the answer as they are. @default false: as base64 */
  readonly isMarkup?: boolean;
  /** How much of it is in memory while it is sent, beside the buffer, bytes. @default nothing */
  readonly memory?: number;
  /** Awaited before a buffer is taken to read into: does what may have to wait, so that no buffer waits with it. @default nothing has to */
  prepare?(position: number): Promise<void>;
  /** Reads the bytes at `position` (0 … length) into `buffer`; returns how many, fewer than there is room for only at the end or where there is something to prepare. */
  read(buffer: Buffer, position: number): Promise<number>;
  close(): void | Promise<void>;
}

/** An element of an answer. Attributes and children are written in the order they are given in. */
export interface Element {
  readonly name: string;
  readonly attributes: Readonly<Record<string, string>>;
  /** Elements, one text, or one content. Absent or empty: an empty element. */
  readonly children?: readonly (Element | string | ContentSource)[];
}

/**
 * What an operation answers: an element (an `xs:any` result), or bytes (a base64Binary result; undefined is the empty
 * result the contract asks for when a download fails).
 */
export type Result =
  | { readonly kind: 'element'; readonly element: Element }
  | { readonly kind: 'bytes'; readonly content: ContentSource | undefined };

/** A result that is an element with attributes and, where there are any, children. */
export function elementResult(
  name: string,
  attributes: Readonly<Record<string, string>>,
  children: readonly (Element | string | ContentSource)[] = [],
): Result {
  return { kind: 'element', element: { name, attributes, children } };
}

export function isContentSource(child: Element | string | ContentSource): child is ContentSource {
  return typeof child === 'object' && 'read' in child;
}
