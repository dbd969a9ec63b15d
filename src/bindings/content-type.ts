import { RecentResults } from '../values/recent-results.js';

/** The parts of a Content-Type header (RFC 9110, 8.3.1): what is before the first `;` in lower case, and the parameters. */
export interface ContentType {
  readonly type: string;
  /** By their names in lower case, without quotes. The first of two counts. */
  readonly parameters: ReadonlyMap<string, string>;
}

/* Callers write `charset=utf-8;action="…"` with or without a space, and values in quotes or not. */
const PARAMETER = /;\s*([^\s=;"]+)\s*=\s*(?:"((?:[^"\\]|\\.)*)"|([^;]*))/g;

/** Headers longer than this are not remembered: nobody sends them often. */
const LONGEST_REMEMBERED = 200;
const recent = new RecentResults<ContentType>(100);

/** Reads a Content-Type header. A missing or empty one has the type ''. */
export function parseContentType(header: string | undefined): ContentType {
  const text = header ?? '';
  return text.length > LONGEST_REMEMBERED ? parse(text) : recent.get(text, () => parse(text));
}

function parse(text: string): ContentType {
  const semicolon = text.indexOf(';');
  const type = (semicolon === -1 ? text : text.slice(0, semicolon)).trim().toLowerCase();
  const parameters = new Map<string, string>();
  if (semicolon === -1) return { type, parameters };
  for (const [, name = '', quoted, plain] of text.slice(semicolon).matchAll(PARAMETER)) {
    const key = name.toLowerCase();
    if (!parameters.has(key)) parameters.set(key, quoted?.replace(/\\(.)/g, '$1') ?? (plain ?? '').trim());
  }
  return { type, parameters };
}
