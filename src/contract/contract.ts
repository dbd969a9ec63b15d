/** The types a parameter can have: the XML Schema types of the WSDL by their local names. */
export type ParameterType = 'string' | 'int' | 'short' | 'long' | 'boolean' | 'base64Binary';

/** A parameter of an operation, spelled as the WSDL spells it. */
export interface Parameter {
  readonly name: string;
  readonly type: ParameterType;
}

/** What an operation answers: an XML element of any kind, or bytes (base64Binary). */
export type ResultKind = 'element' | 'bytes';

/** What the contract says of one operation. */
export interface OperationProperties {
  readonly name: string;
  /** One or two sentences for people, shown on the help page. */
  readonly documentation: string;
  /** The value of the SOAPAction header, and of the action parameter in SOAP 1.2. */
  readonly soapAction: string;
  /** In the order of the contract. */
  readonly parameters: readonly Parameter[];
  readonly result: ResultKind;
}

/** One operation of the contract. */
export class OperationContract implements OperationProperties {
  readonly name: string;
  readonly documentation: string;
  readonly soapAction: string;
  readonly parameters: readonly Parameter[];
  readonly result: ResultKind;
  readonly #byName: ReadonlyMap<string, Parameter>;

  constructor(properties: OperationProperties) {
    this.name = properties.name;
    this.documentation = properties.documentation;
    this.soapAction = properties.soapAction;
    this.parameters = properties.parameters;
    this.result = properties.result;
    this.#byName = new Map(
      properties.parameters.flatMap((parameter) => [
        [parameter.name, parameter],
        [parameter.name.toLowerCase(), parameter],
      ]),
    );
  }

  /** The parameter a caller means by `name`: names match without regard to case on every binding (CONTRACT). */
  findParameter(name: string): Parameter | undefined {
    return this.#byName.get(name) ?? this.#byName.get(name.toLowerCase());
  }
}

export interface ContractProperties {
  readonly namespace: string;
  readonly serviceName: string;
  readonly documentation: string;
  readonly wsdl: string;
  readonly operations: readonly OperationContract[];
}

/** The service as its WSDL describes it: the table of contents that every binding works from. */
export class Contract {
  /** The target namespace: of the operations' elements and of their arguments. */
  readonly namespace: string;
  readonly serviceName: string;
  /** What the service is for, in a sentence for people. */
  readonly documentation: string;
  /** The WSDL's own text, with the address that stands in it. */
  readonly wsdl: string;
  /** By name, in the order of the WSDL. */
  readonly operations: ReadonlyMap<string, OperationContract>;
  readonly #byAction: ReadonlyMap<string, OperationContract>;

  constructor(properties: ContractProperties) {
    this.namespace = properties.namespace;
    this.serviceName = properties.serviceName;
    this.documentation = properties.documentation;
    this.wsdl = properties.wsdl;
    this.operations = new Map(properties.operations.map((operation) => [operation.name, operation]));
    this.#byAction = new Map(properties.operations.map((operation) => [operation.soapAction, operation]));
  }

  /** The operation whose request is the element `name` (a local name in {@link namespace}, case-sensitive). */
  findByElement(name: string): OperationContract | undefined {
    return this.operations.get(name);
  }

  /** The operation with this SOAP action, without quotes, case-sensitive. */
  findByAction(action: string): OperationContract | undefined {
    return this.#byAction.get(action);
  }
}

/** The WSDL contradicts itself, or the service that is there: the text names the difference. Stops the start. */
export class ContractError extends Error {
  override readonly name = 'ContractError';
}
