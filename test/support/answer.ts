import type { XmlElement } from './xml-element.js';

/** The element an operation answers with: what it says, whatever binding it came over. */
export interface Answer {
  readonly name: string;
  /** In the order they stand in. */
  readonly attributes: readonly (readonly [name: string, value: string])[];
  readonly children: readonly (Answer | string)[];
}

/** The element without its namespace. @throws when it, or anything in it, is in one (CONTRACT: in no namespace). */
export function toAnswer({ attributes, children, name, namespace }: XmlElement): Answer {
  if (namespace !== '') throw new Error(`The element <${name}> is in the namespace ${namespace}.`);
  return {
    name,
    attributes,
    children: children.map((child) => (typeof child === 'string' ? child : toAnswer(child))),
  };
}

/** An answer as it is expected: attributes are compared with their order. Values may be matchers. */
export function answer(
  name: string,
  attributes: Readonly<Record<string, string>>,
  children: Answer['children'] = [],
): Answer {
  return { name, attributes: Object.entries(attributes), children };
}

/** `<root success="false" error="…"/>`, or with the root element of other operations. */
export function refused(name: string, error: string): Answer {
  return answer(name, { success: 'false', error });
}

/** The value of an attribute. @throws when it is not there: the answer is then another than was expected. */
export function valueOf(from: Answer, name: string): string {
  const found = from.attributes.find(([attribute]) => attribute === name);
  if (!found) throw new Error(`There is no attribute ${name}: ${JSON.stringify(from)}`);
  return found[1];
}

/** The elements of a name in an answer, wherever they are. */
export function elementsIn({ children }: Answer, name: string): Answer[] {
  return children.flatMap((child) => {
    if (typeof child === 'string') return [];
    return child.name === name ? [child] : elementsIn(child, name);
  });
}

/** The text in an element and in all below it. */
export function textIn({ children }: Answer): string {
  return children.map((child) => (typeof child === 'string' ? child : textIn(child))).join('');
}

/* Matchers for what differs from call to call. */

/** A GUID as the server writes it. */
export const GUID = matching(/^[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}$/);
/** A UTC time of whole seconds: `2024-06-15T09:30:00Z`. */
export const TIME = matching(/^\d{4}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2}Z$/);
/** A whole number in decimal. */
export const NUMBER = matching(/^(?:0|[1-9]\d*)$/);

/** Stands for a value that matches. */
export function matching(pattern: RegExp): string {
  return expect.stringMatching(pattern) as string;
}
