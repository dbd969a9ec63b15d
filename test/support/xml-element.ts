import { SaxesParser } from 'saxes';

/** An element as it was read: names without prefixes, attributes in the order they stand in. */
export interface XmlElement {
  readonly name: string;
  readonly namespace: string;
  readonly attributes: readonly (readonly [name: string, value: string])[];
  /** White space between elements is left out. */
  readonly children: readonly (XmlElement | string)[];
}

interface OpenElement extends XmlElement {
  readonly children: (XmlElement | string)[];
}

const XMLNS = 'http://www.w3.org/2000/xmlns/';

/** Reads a document, with a parser that takes only well-formed ones. Returns its root element. */
export function readXml(text: string): XmlElement {
  const document: OpenElement = { name: '', namespace: '', attributes: [], children: [] };
  const open = [document];
  const parser = new SaxesParser({ xmlns: true });
  parser.on('error', (error) => {
    throw error;
  });
  parser.on('opentag', (tag) => {
    const attributes = Object.values(tag.attributes)
      .filter(({ uri }) => uri !== XMLNS)
      .map(({ local, value }) => [local, value] as const);
    const element: OpenElement = { name: tag.local, namespace: tag.uri, attributes, children: [] };
    open.at(-1)?.children.push(element);
    open.push(element);
  });
  parser.on('text', (characters) => open.at(-1)?.children.push(characters));
  parser.on('closetag', () => {
    const closed = open.pop();
    if (closed) dropIndentation(closed);
  });
  parser.write(text).close();
  dropIndentation(document);
  return onlyElement(document);
}

/** The one element that another holds. @throws when there is anything else in it. */
export function onlyElement(parent: XmlElement): XmlElement {
  const [child, ...more] = parent.children;
  if (child === undefined || typeof child === 'string' || more.length > 0) {
    throw new Error(`There is not exactly one element in <${parent.name}>.`);
  }
  return child;
}

function dropIndentation({ children }: OpenElement): void {
  if (!children.some((child) => typeof child !== 'string')) return;
  const kept = children.filter((child) => typeof child !== 'string' || child.trim() !== '');
  children.splice(0, children.length, ...kept);
}
