import { XMLParser } from 'fast-xml-parser';
import { ContractError } from './contract.js';

/** An element of the WSDL, as far as reading the contract needs one. Every look-up that fails says where. */
export class WsdlElement {
  /** With its prefix. */
  readonly name: string;
  readonly text: string;
  readonly children: readonly WsdlElement[];
  readonly #attributes: ReadonlyMap<string, string>;

  constructor(name: string, attributes: ReadonlyMap<string, string>, children: readonly WsdlElement[], text: string) {
    this.name = name;
    this.#attributes = attributes;
    this.children = children;
    this.text = text;
  }

  /** What to call this element in a message. */
  get label(): string {
    const name = this.find('name');
    return name === undefined ? this.name : `${this.name} ${name}`;
  }

  find(attribute: string): string | undefined {
    return this.#attributes.get(attribute);
  }

  /** @throws ContractError when the attribute is not there. */
  attribute(name: string): string {
    const value = this.#attributes.get(name);
    if (value === undefined) throw new ContractError(`${this.label} has no ${name}.`);
    return value;
  }

  /** @throws ContractError when the attribute has another value. */
  expect(name: string, value: string): void {
    const actual = this.attribute(name);
    if (actual !== value) throw new ContractError(`${this.label} has ${name}="${actual}" where "${value}" belongs.`);
  }

  childrenNamed(name: string): readonly WsdlElement[] {
    return this.children.filter((child) => child.name === name);
  }

  /** @throws ContractError when there is not exactly one child of this name. */
  child(name: string): WsdlElement {
    const [only, ...more] = this.childrenNamed(name);
    if (only === undefined || more.length > 0) throw new ContractError(`${this.label} must have exactly one ${name}.`);
    return only;
  }

  /** The children of this element's name, by their name attribute. @throws ContractError when two have the same. */
  childrenByName(elementName: string): ReadonlyMap<string, WsdlElement> {
    const byName = new Map<string, WsdlElement>();
    for (const child of this.childrenNamed(elementName)) {
      const name = child.attribute('name');
      if (byName.has(name)) throw new ContractError(`${this.label} has two of ${child.label}.`);
      byName.set(name, child);
    }
    return byName;
  }
}

const parser = new XMLParser({
  preserveOrder: true,
  ignoreAttributes: false,
  attributeNamePrefix: '',
  parseTagValue: false,
  parseAttributeValue: false,
  ignoreDeclaration: true,
  ignorePiTags: true,
});

/** Reads an XML document into its root element. @throws ContractError when there is none. */
export function parseWsdl(text: string): WsdlElement {
  const [root, ...more] = readNodes(parser.parse(text) as ParsedNode[]).elements;
  if (root === undefined || more.length > 0) throw new ContractError('The WSDL must have exactly one root element.');
  return root;
}

/** A node in the parser's order-keeping form: one key with the name and the children, and `:@` for the attributes. */
interface ParsedNode {
  readonly ':@'?: Readonly<Record<string, string>>;
  readonly '#text'?: string;
  readonly [name: string]: unknown;
}

function readNodes(nodes: readonly ParsedNode[]): { elements: readonly WsdlElement[]; text: string } {
  const elements: WsdlElement[] = [];
  let text = '';
  for (const node of nodes) {
    if (node['#text'] !== undefined) text += node['#text'];
    for (const [name, children] of Object.entries(node)) {
      if (name === ':@' || name === '#text') continue;
      const inside = readNodes(children as ParsedNode[]);
      elements.push(
        new WsdlElement(name, new Map(Object.entries(node[':@'] ?? {})), inside.elements, inside.text.trim()),
      );
    }
  }
  return { elements, text };
}
