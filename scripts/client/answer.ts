/** The element a call is answered with. */
export interface Answer {
  readonly attributes: Readonly<Record<string, string>>;
  /** Its text: the base64 of a chunk. */
  readonly text: string;
  /** Its start tag as it came, for people. */
  readonly tag: string;
}

/** A call that was not carried out. */
export class CallFailed extends Error {
  override readonly name = 'CallFailed';

  constructor(operation: string, reason: string) {
    super(`${operation}: ${reason}`);
  }
}

/* The answers of this service are one element with attributes, and perhaps a text; an envelope may be around it. */
const ELEMENT = /(<(?:root|response)((?:\s+[\w:]+="[^"]*")*)\s*\/?>)([^<]*)/i;
const ATTRIBUTE = /\s([\w:]+)="([^"]*)"/g;

/** Finds the element in the text of an answer. @throws CallFailed when there is none. */
export function readAnswer(operation: string, text: string): Answer {
  const [, tag, attributes = '', content = ''] = ELEMENT.exec(text) ?? [];
  if (tag === undefined) {
    throw new CallFailed(operation, `The answer is not one of this service: ${text.slice(0, 500)}`);
  }
  const pairs = [...attributes.matchAll(ATTRIBUTE)].map(
    ([, name = '', value = '']) => [name, unescape(value)] as const,
  );
  return { attributes: Object.fromEntries(pairs), text: content, tag };
}

const ENTITIES: Readonly<Record<string, string>> = { lt: '<', gt: '>', amp: '&', quot: '"', apos: "'" };

function unescape(text: string): string {
  return text.replace(/&(?:#x([0-9a-f]+)|#(\d+)|(\w+));/gi, (whole, hex?: string, decimal?: string, name = '') => {
    if (hex !== undefined) return String.fromCodePoint(Number.parseInt(hex, 16));
    if (decimal !== undefined) return String.fromCodePoint(Number(decimal));
    return ENTITIES[name as string] ?? whole;
  });
}
