import fs from 'node:fs';
import { parseWsdl, type WsdlElement } from '../../src/contract/wsdl-element.js';
import { WSDL_FILE } from '../../src/contract/wsdl-reader.js';

/*
 * The rules of WSDL 1.1's schema and of WS-I Basic Profile 1.1 that can be checked on a description alone. The profile is about
 * SOAP 1.1: its rules for bindings are asked of the SOAP 1.1 binding, and, where they make sense there, of the SOAP 1.2 one.
 */

const TEXT = fs.readFileSync(WSDL_FILE, 'utf8');
const DEFINITIONS = parseWsdl(TEXT);
const SOAP_BINDINGS = [
  { binding: 'srvSoap', prefix: 'soap' },
  { binding: 'srvSoap12', prefix: 'soap12' },
];

function all(element: WsdlElement): WsdlElement[] {
  return [element, ...element.children.flatMap(all)];
}

function named(parent: WsdlElement, kind: string, name: string): WsdlElement {
  const found = parent.childrenByName(kind).get(name);
  if (!found) throw new Error(`There is no ${kind} ${name}.`);
  return found;
}

const localName = (qualified: string): string => qualified.replace(/^tns:/, '');
const binding = (name: string): WsdlElement => named(DEFINITIONS, 'wsdl:binding', name);
const boundOperations = (name: string): readonly WsdlElement[] => binding(name).childrenNamed('wsdl:operation');
const names = (elements: readonly WsdlElement[]): string[] => elements.map((element) => element.attribute('name'));

/** What the schema of WSDL 1.1 lets each element hold, in this order. Extensions come first, documentation before all. */
const CONTENT: Readonly<Record<string, readonly string[]>> = {
  'wsdl:definitions': [
    'wsdl:documentation',
    'wsdl:types',
    'wsdl:message',
    'wsdl:portType',
    'wsdl:binding',
    'wsdl:service',
  ],
  'wsdl:types': ['s:schema'],
  'wsdl:message': ['wsdl:documentation', 'wsdl:part'],
  'wsdl:part': [],
  'wsdl:portType': ['wsdl:documentation', 'wsdl:operation'],
  'wsdl:binding': ['wsdl:documentation', 'soap:binding', 'soap12:binding', 'http:binding', 'wsdl:operation'],
  'wsdl:service': ['wsdl:documentation', 'wsdl:port'],
  'wsdl:port': ['soap:address', 'soap12:address', 'http:address'],
};

describe('the WSDL, by the schema of WSDL 1.1,', () => {
  test.each(Object.entries(CONTENT))('has in %s what belongs there, in order', (kind, allowed) => {
    const elements = all(DEFINITIONS).filter((element) => element.name === kind);
    expect(elements.length).toBeGreaterThan(0);
    for (const element of elements) {
      const places = element.children.map((child) => allowed.indexOf(child.name));
      expect(places).not.toContain(-1);
      expect(places).toEqual([...places].sort((a, b) => a - b));
    }
  });

  test('has operations that hold documentation, input and output in a port type, and bindings of the three', () => {
    for (const portType of DEFINITIONS.childrenNamed('wsdl:portType')) {
      for (const operation of portType.childrenNamed('wsdl:operation')) {
        expect(operation.children.map((child) => child.name)).toEqual([
          'wsdl:documentation',
          'wsdl:input',
          'wsdl:output',
        ]);
      }
    }
    for (const one of DEFINITIONS.childrenNamed('wsdl:binding')) {
      for (const operation of one.childrenNamed('wsdl:operation')) {
        expect(operation.children.map((child) => child.name.replace(/^(?:soap|soap12|http):/, ''))).toEqual([
          'operation',
          'wsdl:input',
          'wsdl:output',
        ]);
      }
    }
  });

  test('names messages, port types, bindings and ports that are there', () => {
    const messages = DEFINITIONS.childrenByName('wsdl:message');
    for (const portType of DEFINITIONS.childrenNamed('wsdl:portType')) {
      for (const operation of portType.childrenNamed('wsdl:operation')) {
        for (const direction of ['wsdl:input', 'wsdl:output']) {
          expect(messages.has(localName(operation.child(direction).attribute('message')))).toBe(true);
        }
      }
    }
    const portTypes = DEFINITIONS.childrenByName('wsdl:portType');
    for (const one of DEFINITIONS.childrenNamed('wsdl:binding')) {
      expect(portTypes.has(localName(one.attribute('type')))).toBe(true);
    }
    const bindings = DEFINITIONS.childrenByName('wsdl:binding');
    for (const port of DEFINITIONS.child('wsdl:service').childrenNamed('wsdl:port')) {
      expect(bindings.has(localName(port.attribute('binding')))).toBe(true);
    }
  });
});

describe('the WSDL, by WS-I Basic Profile 1.1,', () => {
  test('is XML 1.0 in UTF-8 (R4003, R4004)', () => {
    expect(TEXT).toMatch(/^<\?xml version="1\.0" encoding="utf-8"\?>/i);
  });

  test('has a schema with a target namespace, and imports nothing (R2105, R2001, R2003)', () => {
    for (const schema of DEFINITIONS.child('wsdl:types').childrenNamed('s:schema')) {
      expect(schema.attribute('targetNamespace')).toMatch(/^\S+$/);
    }
    expect(all(DEFINITIONS).filter(({ name }) => /:(?:import|include)$/.test(name))).toEqual([]);
  });

  test('knows no soapenc:Array, no wsdl:arrayType, no ArrayOf names (R2110, R2111, R2112)', () => {
    expect(TEXT).not.toMatch(/schemas\.xmlsoap\.org\/soap\/encoding|arrayType|ArrayOf/);
  });

  test('has operations of distinct names, all with input and output (R2304, R2303)', () => {
    for (const portType of DEFINITIONS.childrenNamed('wsdl:portType')) {
      const operations = names(portType.childrenNamed('wsdl:operation'));
      expect(new Set(operations).size).toBe(operations.length);
    }
  });

  describe.each(SOAP_BINDINGS)('binding $binding', (soap) => {
    test('is over HTTP, and of style document (R2701, R2702, R2705)', () => {
      const style = binding(soap.binding).child(`${soap.prefix}:binding`);
      expect(style.attribute('transport')).toBe('http://schemas.xmlsoap.org/soap/http');
      for (const operation of boundOperations(soap.binding)) {
        const own = operation.child(`${soap.prefix}:operation`).find('style');
        expect(own ?? style.find('style') ?? 'document').toBe('document');
      }
    });

    test('has the operations of its port type (R2718)', () => {
      const portType = named(DEFINITIONS, 'wsdl:portType', localName(binding(soap.binding).attribute('type')));
      expect(names(boundOperations(soap.binding)).sort()).toEqual(
        names(portType.childrenNamed('wsdl:operation')).sort(),
      );
    });

    test('is literal throughout, and leaves namespace and encoding unsaid (R2706, R2716)', () => {
      for (const operation of boundOperations(soap.binding)) {
        for (const direction of ['wsdl:input', 'wsdl:output']) {
          const body = operation.child(direction).child(`${soap.prefix}:body`);
          expect(body.attribute('use')).toBe('literal');
          expect(body.find('namespace')).toBeUndefined();
          expect(body.find('encodingStyle')).toBeUndefined();
        }
      }
    });

    test('gives every operation a SOAP action (R2744, R2745)', () => {
      for (const operation of boundOperations(soap.binding)) {
        expect(operation.child(`${soap.prefix}:operation`).attribute('soapAction')).toMatch(
          /^http:\/\/tempuri\.org\/\w+$/,
        );
      }
    });

    test('has messages of one part that is an element, no two operations with the same (R2201, R2204, R2210, R2710)', () => {
      const messages = DEFINITIONS.childrenByName('wsdl:message');
      const portType = named(DEFINITIONS, 'wsdl:portType', localName(binding(soap.binding).attribute('type')));
      const inputs = portType.childrenNamed('wsdl:operation').map((operation) => {
        for (const direction of ['wsdl:input', 'wsdl:output']) {
          const message = messages.get(localName(operation.child(direction).attribute('message')));
          expect(message?.children.map((part) => [part.name, part.find('type')])).toEqual([['wsdl:part', undefined]]);
        }
        const input = messages.get(localName(operation.child('wsdl:input').attribute('message')));
        return input?.child('wsdl:part').attribute('element');
      });
      expect(new Set(inputs).size).toBe(inputs.length);
    });

    test('refers to elements of the schema (R2206)', () => {
      const elements = DEFINITIONS.child('wsdl:types').child('s:schema').childrenByName('s:element');
      const parts = DEFINITIONS.childrenNamed('wsdl:message').flatMap((message) => message.childrenNamed('wsdl:part'));
      const referred = parts.map((part) => part.find('element')).filter((name) => name !== undefined);
      expect(referred.length).toBeGreaterThan(0);
      expect(referred.filter((name) => !elements.has(localName(name)))).toEqual([]);
    });
  });
});
