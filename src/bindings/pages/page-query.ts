/**
 * The query of a request for a page, read as .NET reads it: a part without an equals sign is a value without a name, so that
 * `?WSDL` and `?WSDL=` are different questions.
 */
export interface PageQuery {
  /** The values without a name, joined by commas. */
  readonly bare: string;
  /** The others by their names in lower case; of two the first. */
  readonly named: ReadonlyMap<string, string>;
}

/** @param url - The request's target, with or without a query. */
export function readPageQuery(url: string): PageQuery {
  const bare: string[] = [];
  const named = new Map<string, string>();
  const start = url.indexOf('?');
  for (const part of start < 0 ? [] : url.slice(start + 1).split('&')) {
    const equals = part.indexOf('=');
    if (equals < 0) {
      if (part !== '') bare.push(unescape(part));
      continue;
    }
    const name = unescape(part.slice(0, equals)).toLowerCase();
    if (!named.has(name)) named.set(name, unescape(part.slice(equals + 1)));
  }
  return { bare: bare.join(), named };
}

/** What is not an escape of UTF-8 stays as it is. */
function unescape(text: string): string {
  const spaced = text.replaceAll('+', ' ');
  try {
    return decodeURIComponent(spaced);
  } catch {
    return spaced;
  }
}
