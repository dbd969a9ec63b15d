import fs from 'node:fs';
import {
  Contract,
  ContractError,
  OperationContract,
  type Parameter,
  type ParameterType,
  type ResultKind,
} from './contract.js';
import { parseWsdl, type WsdlElement } from './wsdl-element.js';

/** Where the contract lies, seen from the sources as from the compiled program. */
export const WSDL_FILE = new URL('../../wsdl/srv.asmx.wsdl', import.meta.url);

/** Reads the contract of this server. @throws ContractError when the WSDL contradicts itself. */
export function loadContract(file: URL = WSDL_FILE): Contract {
  return readWsdl(fs.readFileSync(file, 'utf8'));
}

/** The prefixes the WSDL uses (ASMX's), and what they must stand for: the reader goes by the prefixes. */
const PREFIXES: Readonly<Record<string, string>> = {
  s: 'http://www.w3.org/2001/XMLSchema',
  soap: 'http://schemas.xmlsoap.org/wsdl/soap/',
  soap12: 'http://schemas.xmlsoap.org/wsdl/soap12/',
  http: 'http://schemas.xmlsoap.org/wsdl/http/',
  mime: 'http://schemas.xmlsoap.org/wsdl/mime/',
  wsdl: 'http://schemas.xmlsoap.org/wsdl/',
};

const SOAP_OVER_HTTP = 'http://schemas.xmlsoap.org/soap/http';

/** The element that holds bytes which are a whole answer over GET and POST. */
const BYTES_ELEMENT = 'base64Binary';

interface Port {
  readonly name: string;
  readonly portType: string;
  /** What the messages of the port type are called: `<Operation><suffix>In` and `Out`. */
  readonly messages: 'Soap' | 'HttpGet' | 'HttpPost';
  readonly prefix: 'soap' | 'soap12' | 'http';
}

const PORTS: readonly Port[] = [
  { name: 'srvSoap', portType: 'srvSoap', messages: 'Soap', prefix: 'soap' },
  { name: 'srvSoap12', portType: 'srvSoap', messages: 'Soap', prefix: 'soap12' },
  { name: 'srvHttpGet', portType: 'srvHttpGet', messages: 'HttpGet', prefix: 'http' },
  { name: 'srvHttpPost', portType: 'srvHttpPost', messages: 'HttpPost', prefix: 'http' },
];

/**
 * Reads a WSDL 1.1 document of the form ASMX writes: one service with a SOAP 1.1, a SOAP 1.2, a GET and a POST port,
 * document/literal wrapped. What it says in several places is compared.
 *
 * @throws ContractError naming the first difference.
 */
export function readWsdl(text: string): Contract {
  const definitions = parseWsdl(text);
  if (definitions.name !== 'wsdl:definitions') throw new ContractError('The WSDL must begin with wsdl:definitions.');
  for (const [prefix, uri] of Object.entries(PREFIXES)) definitions.expect(`xmlns:${prefix}`, uri);
  const namespace = definitions.attribute('targetNamespace');
  definitions.expect('xmlns:tns', namespace);

  const described = readSchema(definitions, namespace);
  checkMessages(definitions, described);
  const documentation = checkPortTypes(definitions, described);
  checkBindings(definitions, described, namespace);
  const service = checkService(definitions);

  return new Contract({
    namespace,
    serviceName: service.attribute('name'),
    documentation: service.child('wsdl:documentation').text,
    wsdl: text,
    operations: described.map(
      (operation) =>
        new OperationContract({
          ...operation,
          documentation: documentation.get(operation.name) ?? '',
          soapAction: namespace + operation.name,
        }),
    ),
  });
}

/** An operation as the schema describes it. */
interface Described {
  readonly name: string;
  readonly parameters: readonly Parameter[];
  readonly result: ResultKind;
}

function readSchema(definitions: WsdlElement, namespace: string): readonly Described[] {
  const schema = definitions.child('wsdl:types').child('s:schema');
  schema.expect('targetNamespace', namespace);
  schema.expect('elementFormDefault', 'qualified');
  const elements = schema.childrenByName('s:element');
  const names = [...elements.keys()].filter((name) => elements.has(`${name}Response`));
  for (const name of elements.keys()) {
    const belongs =
      name === BYTES_ELEMENT || names.some((operation) => [operation, `${operation}Response`].includes(name));
    if (!belongs) throw new ContractError(`The schema's element ${name} is neither a request nor a response.`);
  }
  return names.map((name) => ({
    name,
    parameters: readParameters(pick(elements, name, 'schema')),
    result: readResultKind(pick(elements, `${name}Response`, 'schema'), `${name}Result`),
  }));
}

function readParameters(request: WsdlElement): readonly Parameter[] {
  const type = request.child('s:complexType');
  const elements = type.children.length === 0 ? [] : type.child('s:sequence').children;
  const parameters = elements.map((element) => ({
    name: element.attribute('name'),
    type: parameterType(element),
  }));
  const names = new Set(parameters.map((parameter) => parameter.name.toLowerCase()));
  if (names.size < parameters.length) {
    throw new ContractError(`${request.label} has two parameters that differ in case only.`);
  }
  return parameters;
}

const PARAMETER_TYPES: ReadonlyMap<string, ParameterType> = new Map([
  ['s:string', 'string'],
  ['s:int', 'int'],
  ['s:short', 'short'],
  ['s:long', 'long'],
  ['s:boolean', 'boolean'],
  ['s:base64Binary', 'base64Binary'],
]);

function parameterType(element: WsdlElement): ParameterType {
  const text = element.attribute('type');
  const type = PARAMETER_TYPES.get(text);
  if (type === undefined) throw new ContractError(`${element.label} has the type ${text}, which is not supported.`);
  return type;
}

function readResultKind(response: WsdlElement, resultName: string): ResultKind {
  const result = response.child('s:complexType').child('s:sequence').child('s:element');
  result.expect('name', resultName);
  if (result.find('type') !== undefined) {
    result.expect('type', 's:base64Binary');
    return 'bytes';
  }
  result.child('s:complexType').child('s:sequence').child('s:any');
  return 'element';
}

function checkMessages(definitions: WsdlElement, operations: readonly Described[]): void {
  const messages = definitions.childrenByName('wsdl:message');
  const expected = operations.flatMap(({ name }) =>
    ['Soap', 'HttpGet', 'HttpPost'].flatMap((port) => [`${name}${port}In`, `${name}${port}Out`]),
  );
  expectSameNames('message', [...messages.keys()], expected);
  for (const { name, parameters, result } of operations) {
    for (const [message, element] of [
      [`${name}SoapIn`, name],
      [`${name}SoapOut`, `${name}Response`],
    ] as const) {
      const part = pick(messages, message, 'messages').child('wsdl:part');
      part.expect('name', 'parameters');
      part.expect('element', `tns:${element}`);
    }
    for (const port of ['HttpGet', 'HttpPost']) {
      checkRequestParts(pick(messages, `${name}${port}In`, 'messages'), parameters);
      const body = pick(messages, `${name}${port}Out`, 'messages').child('wsdl:part');
      body.expect('name', 'Body');
      // ASMX leaves the part of an XML result without a type, which wsimport warns of and WSDL 1.1 does not foresee.
      if (result === 'bytes') body.expect('element', `tns:${BYTES_ELEMENT}`);
      else body.expect('type', 's:anyType');
    }
  }
}

function checkRequestParts(message: WsdlElement, parameters: readonly Parameter[]): void {
  const parts = message.children.map((part) => `${part.attribute('name')} ${parameterType(part)}`);
  const expected = parameters.map((parameter) => `${parameter.name} ${parameter.type}`);
  if (parts.join() !== expected.join()) {
    throw new ContractError(
      `${message.label} has the parts (${parts.join(', ')}) where the schema has (${expected.join(', ')}).`,
    );
  }
}

/** Returns the documentation of each operation, which is the same in all port types. */
function checkPortTypes(definitions: WsdlElement, operations: readonly Described[]): ReadonlyMap<string, string> {
  const portTypes = definitions.childrenByName('wsdl:portType');
  const expected = new Map(PORTS.map((port) => [port.portType, port.messages]));
  expectSameNames('port type', [...portTypes.keys()], [...expected.keys()]);
  const documentation = new Map<string, string>();
  for (const [name, messages] of expected) {
    for (const operation of operationsOf(pick(portTypes, name, 'port types'), operations)) {
      const operationName = operation.attribute('name');
      operation.child('wsdl:input').expect('message', `tns:${operationName}${messages}In`);
      operation.child('wsdl:output').expect('message', `tns:${operationName}${messages}Out`);
      const text = operation.child('wsdl:documentation').text;
      if ((documentation.get(operationName) ?? text) !== text) {
        throw new ContractError(`The documentation of ${operationName} in ${name} differs from another port type's.`);
      }
      documentation.set(operationName, text);
    }
  }
  return documentation;
}

function checkBindings(definitions: WsdlElement, operations: readonly Described[], namespace: string): void {
  const bindings = definitions.childrenByName('wsdl:binding');
  expectSameNames(
    'binding',
    [...bindings.keys()],
    PORTS.map((port) => port.name),
  );
  const results = new Map(operations.map(({ name, result }) => [name, result]));
  for (const port of PORTS) {
    const binding = pick(bindings, port.name, 'bindings');
    binding.expect('type', `tns:${port.portType}`);
    const kind = binding.child(`${port.prefix}:binding`);
    if (port.prefix === 'http') kind.expect('verb', port.messages === 'HttpGet' ? 'GET' : 'POST');
    else kind.expect('transport', SOAP_OVER_HTTP);
    for (const operation of operationsOf(binding, operations)) {
      const name = operation.attribute('name');
      if (port.prefix === 'http') checkHttpOperation(operation, port, results.get(name));
      else checkSoapOperation(operation, port.prefix, namespace + name);
    }
  }
}

function checkSoapOperation(operation: WsdlElement, prefix: 'soap' | 'soap12', action: string): void {
  const soapOperation = operation.child(`${prefix}:operation`);
  soapOperation.expect('soapAction', action);
  soapOperation.expect('style', 'document');
  operation.child('wsdl:input').child(`${prefix}:body`).expect('use', 'literal');
  operation.child('wsdl:output').child(`${prefix}:body`).expect('use', 'literal');
}

function checkHttpOperation(operation: WsdlElement, port: Port, result: ResultKind | undefined): void {
  operation.child('http:operation').expect('location', `/${operation.attribute('name')}`);
  const input = operation.child('wsdl:input');
  if (port.messages === 'HttpGet') input.child('http:urlEncoded');
  else input.child('mime:content').expect('type', 'application/x-www-form-urlencoded');
  const output = operation.child('wsdl:output');
  if (result === 'bytes') output.child('mime:mimeXml').expect('part', 'Body');
  else output.child('mime:content').expect('type', 'text/xml');
}

function checkService(definitions: WsdlElement): WsdlElement {
  const service = definitions.child('wsdl:service');
  const ports = service.childrenByName('wsdl:port');
  expectSameNames(
    'port',
    [...ports.keys()],
    PORTS.map((port) => port.name),
  );
  for (const { name, prefix } of PORTS) {
    const port = pick(ports, name, 'ports');
    port.expect('binding', `tns:${name}`);
    port.child(`${prefix}:address`).attribute('location');
  }
  return service;
}

/** The operations of a port type or binding: those of the schema, in the same order. */
function operationsOf(parent: WsdlElement, operations: readonly Described[]): readonly WsdlElement[] {
  const found = parent.childrenByName('wsdl:operation');
  expectSameNames(
    `operation in ${parent.label}`,
    [...found.keys()],
    operations.map(({ name }) => name),
  );
  return [...found.values()];
}

function expectSameNames(what: string, actual: readonly string[], expected: readonly string[]): void {
  const missing = expected.filter((name) => !actual.includes(name));
  const surplus = actual.filter((name) => !expected.includes(name));
  if (missing.length > 0) throw new ContractError(`The WSDL lacks the ${what}: ${missing.join(', ')}.`);
  if (surplus.length > 0)
    throw new ContractError(`The WSDL has the ${what} that nothing else names: ${surplus.join(', ')}.`);
  if (actual.join() !== expected.join()) throw new ContractError(`The WSDL does not keep its order: ${what}.`);
}

function pick(elements: ReadonlyMap<string, WsdlElement>, name: string, where: string): WsdlElement {
  const element = elements.get(name);
  if (element === undefined) throw new ContractError(`${name} is missing among the ${where}.`);
  return element;
}
