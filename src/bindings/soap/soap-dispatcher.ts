import { listen, type Server, type IServicePort } from 'soap';
import type { Contract } from '../../contract/contract.js';
import { CONTENT_MARK, findContent, writeLiteral } from '../../contract/element-writer.js';
import type { ContentSource, Result } from '../../contract/result.js';
import type { OperationRunner, Outcome } from '../../operations/operation-runner.js';
import type { ArgumentIntake } from '../payload/argument-intake.js';
import { ENVELOPE_NAMESPACES, SOAP_11, SOAP_12, type SoapVersion } from './soap-version.js';

/** An answer envelope, and the content that goes where its mark is. */
export interface SoapAnswer {
  readonly envelope: string;
  readonly content: ContentSource | undefined;
  readonly outcome: Outcome;
}

/** What node-soap passes through to the service function of a call: the call. */
interface Passage {
  readonly intake: ArgumentIntake;
  outcome?: Outcome;
  content?: ContentSource | undefined;
  error?: unknown;
}

/**
 * Dispatches calls through node-soap: one server for each version of SOAP, its service definitions made from the WSDL. node-soap
 * finds the function for a message and writes the reply. The arguments have been taken off the message before: content
 * must not pass through here, and the texts are read by rules node-soap does not have (names in any case, .NET's conversions,
 * white space and empty elements that count). So the message it gets is the operation's bare element, the same for every call.
 */
export class SoapDispatcher {
  readonly #contract: Contract;
  readonly #runner: OperationRunner;
  readonly #servers: ReadonlyMap<SoapVersion, Server>;

  private constructor(contract: Contract, runner: OperationRunner, servers: ReadonlyMap<SoapVersion, Server>) {
    this.#contract = contract;
    this.#runner = runner;
    this.#servers = servers;
  }

  /** @throws when node-soap cannot read the WSDL. */
  static async create(contract: Contract, runner: OperationRunner): Promise<SoapDispatcher> {
    const servers = new Map<SoapVersion, Server>();
    const dispatcher = new SoapDispatcher(contract, runner, servers);
    servers.set(SOAP_11, await dispatcher.#serve(SOAP_11));
    servers.set(SOAP_12, await dispatcher.#serve(SOAP_12));
    return dispatcher;
  }

  /** Carries out a call. @throws ArgumentError when a text cannot be read as its type. */
  async dispatch(intake: ArgumentIntake, version: SoapVersion): Promise<SoapAnswer> {
    const server = this.#servers.get(version);
    if (!server) throw new TypeError(`SOAP ${version.name} is not served.`);
    const passage: Passage = { intake };
    const reply = await server.processRequest(this.#request(intake.contract.name, version), {
      headers: { soapaction: intake.contract.soapAction },
      connection: passage,
    });
    if (passage.error !== undefined) throw passage.error as Error;
    if (!passage.outcome) throw new Error(`node-soap did not dispatch ${intake.contract.name}: ${reply.body}`);
    return { envelope: reply.body, content: passage.content, outcome: passage.outcome };
  }

  /** The message of a call, without what has been taken off it. */
  #request(operation: string, version: SoapVersion): string {
    return (
      `<soap:Envelope xmlns:soap="${version.namespace}"><soap:Body>` +
      `<${operation} xmlns="${this.#contract.namespace}" /></soap:Body></soap:Envelope>`
    );
  }

  #serve(version: SoapVersion): Promise<Server> {
    const port: IServicePort = {};
    for (const name of this.#contract.operations.keys()) {
      port[name] = (_args: unknown, _callback: unknown, _headers: unknown, request: { connection: Passage }) =>
        this.#carryOut(request.connection);
    }
    const options = {
      path: '/srv.asmx',
      xml: this.#contract.wsdl,
      services: { [this.#contract.serviceName]: { srvSoap: port, srvSoap12: port } },
      useEmptyTag: true,
      suppressStack: true,
      forceSoap12Headers: version === SOAP_12,
    };
    return new Promise((resolve, reject) => {
      const server = listen(null, {
        ...options,
        callback: (error: Error | null) => {
          const wsdl = wsdlOf(server);
          /* node-soap would declare every namespace of the WSDL; ASMX declares two. */
          wsdl.xmlnsInEnvelope = ENVELOPE_NAMESPACES;
          rememberMessages(wsdl);
          rememberReplies(wsdl);
          if (error) reject(error);
          else resolve(server);
        },
      });
    });
  }

  /** A service function of node-soap's: returns what it makes the reply of. */
  async #carryOut(passage: Passage): Promise<Reply> {
    const { contract, call, failure, texts } = passage.intake;
    try {
      passage.outcome = failure
        ? this.#runner.refuse(contract, failure)
        : await this.#runner.run(contract, texts, passage.intake.contents(), call);
    } catch (error) {
      passage.error = error;
      return {};
    }
    const { result } = passage.outcome;
    passage.content = result.kind === 'bytes' ? result.content : findContent(result.element);
    return replyOf(contract.name, result);
  }
}

/** What a service function of node-soap's returns: the result's element and what stands in it, as XML; nothing after an error. */
type Reply = Readonly<Record<string, { readonly $xml: string }>>;

/** What node-soap makes the reply of: an element for the result, or none when the result is null. */
function replyOf(operation: string, result: Result): Reply {
  const name = `${operation}Result`;
  if (result.kind === 'element') return { [name]: { $xml: writeLiteral(result.element) } };
  return { [name]: { $xml: result.content && result.content.length > 0 ? CONTENT_MARK : '' } };
}

/** What of node-soap's WSDL is set to what is wanted here. */
interface SoapWsdl {
  xmlnsInEnvelope: string;
  xmlToObject(message: string): object;
  objectToDocumentXML(name: string, reply: Reply, prefix: string, namespace: string): string;
}

function wsdlOf(server: Server): SoapWsdl {
  return (server as unknown as { wsdl: SoapWsdl }).wsdl;
}

/** The messages node-soap gets are few and always the same, so each is parsed once. */
function rememberMessages(wsdl: SoapWsdl): void {
  const parse = wsdl.xmlToObject.bind(wsdl);
  const parsed = new Map<string, object>();
  wsdl.xmlToObject = (message) => {
    const known = parsed.get(message) ?? Object.freeze(parse(message));
    parsed.set(message, known);
    return known;
  };
}

/** What stands around the result is the same in every reply of an operation that has one, so node-soap writes it once. */
function rememberReplies(wsdl: SoapWsdl): void {
  const write = wsdl.objectToDocumentXML.bind(wsdl);
  const frames = new Map<string, readonly string[]>();
  wsdl.objectToDocumentXML = (name, reply, prefix, namespace) => {
    const [element, content] = Object.entries(reply)[0] ?? [];
    const $xml = content?.$xml;
    /* One without a result, or a fault of node-soap's own. */
    if (element === undefined || typeof $xml !== 'string' || $xml === '') return write(name, reply, prefix, namespace);
    const known = frames.get(name);
    const frame = known ?? write(name, { [element]: { $xml: CONTENT_MARK } }, prefix, namespace).split(CONTENT_MARK);
    if (!known) frames.set(name, frame);
    return frame.join($xml);
  };
}
