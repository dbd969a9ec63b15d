import type { IncomingMessage, ServerResponse } from 'node:http';
import { ArgumentError } from '../../contract/arguments.js';
import type { OperationContract } from '../../contract/contract.js';
import type { Call } from '../../operations/operation.js';
import { type Answer, isBrokenOff, sendAnswer } from '../answer.js';
import type { BindingOptions } from '../binding-options.js';
import { callerAddress } from '../caller.js';
import { type ContentType, parseContentType } from '../content-type.js';
import { openIntake } from '../open-intake.js';
import { outcomeOf, UNSUPPORTED_TYPE } from '../outcome.js';
import type { ArgumentIntake } from '../payload/argument-intake.js';
import {
  type ArgumentReceiver,
  type MessageReader,
  MessageTooLarge,
  UnreadableMessage,
} from '../payload/argument-receiver.js';
import { MessageInterrupted } from '../payload/message-pump.js';
import type { TextAccount } from '../payload/text-budget.js';
import { TranscodingReader } from '../payload/transcoding-reader.js';
import { ReceivedCall } from '../received-call.js';
import { drain, readBody } from '../request-body.js';
import { EnvelopeReader, type EnvelopeListener, type Position } from './envelope-reader.js';
import { packAsMtom } from './mtom-answer.js';
import { MtomReader } from './mtom-reader.js';
import { chooseOperation, type OperationChoice } from './soap-action.js';
import type { SoapDispatcher } from './soap-dispatcher.js';
import { SoapFault, writeFault } from './soap-fault.js';
import { SOAP_11, SOAP_12, type SoapVersion } from './soap-version.js';

export interface SoapBindingOptions extends BindingOptions {
  readonly dispatcher: SoapDispatcher;
}

const PLAIN = 'text/plain; charset=utf-8';

/** SOAP over HTTP: a POST to the address of the service itself. */
export class SoapBinding {
  readonly #options: SoapBindingOptions;

  constructor(options: SoapBindingOptions) {
    this.#options = options;
  }

  /** Serves a request, whatever it is. Never rejects. */
  async serve(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const exchange = new SoapExchange(this.#options, request);
    const started = performance.now();
    let outcome = 'interrupted';
    let bytesOut = 0;
    try {
      let answer = await exchange.answer();
      outcome = exchange.outcome;
      await exchange.release();
      if (!answer) return void response.destroy();
      bytesOut = answer.content?.length ?? 0;
      const isUsable = !exchange.isGivenUp && (await drain(request, this.#options.idleLimit, exchange.contentLimit));
      if (!isUsable) response.setHeader('Connection', 'close');
      response.setTimeout(this.#options.idleLimit, () => response.destroy());
      const { account, call } = exchange;
      const sent = sendAnswer(response, answer, { caller: call, buffers: this.#options.buffers, account });
      /* It shall not be kept here while its text is taken. */
      answer = undefined;
      await sent;
    } catch (error) {
      if (!isBrokenOff(error)) this.#options.report(error);
      outcome = 'interrupted';
      response.destroy();
    } finally {
      await exchange.release();
      exchange.account.release();
      this.#options.log({
        operation: exchange.operation?.name,
        binding: exchange.version ? `SOAP ${exchange.version.name}` : 'SOAP',
        user: exchange.call.user,
        address: exchange.call.address,
        status: response.statusCode,
        outcome,
        bytesIn: exchange.bytesIn,
        bytesOut,
        duration: performance.now() - started,
      });
    }
  }
}

/** One request and its answer. */
class SoapExchange implements EnvelopeListener {
  readonly #options: SoapBindingOptions;
  readonly #request: IncomingMessage;
  readonly #contentType: ContentType;
  readonly #choice: OperationChoice;
  readonly #positions = new Map<string, Position>();
  readonly call: Call;
  readonly account: TextAccount;
  #version: SoapVersion | undefined;
  #intake: ArgumentIntake | undefined;
  #outcome = 'ok';
  #isGivenUp = false;

  constructor(options: SoapBindingOptions, request: IncomingMessage) {
    this.#options = options;
    this.#request = request;
    this.#contentType = parseContentType(request.headers['content-type']);
    const soapAction = request.headers['soapaction'];
    this.#choice = chooseOperation(
      options.contract,
      this.#contentType,
      Array.isArray(soapAction) ? soapAction[0] : soapAction,
    );
    this.call = new ReceivedCall(request, callerAddress(request, options.trustProxy), options.texts);
    this.account = options.texts.open(this.call, () => request.socket.destroy());
  }

  get operation(): OperationContract | undefined {
    return this.#intake?.contract;
  }

  get version(): SoapVersion | undefined {
    return this.#version;
  }

  get outcome(): string {
    return this.#outcome;
  }

  /** What is left of the message was waited for too long already. */
  get isGivenUp(): boolean {
    return this.#isGivenUp;
  }

  get bytesIn(): number {
    return this.#intake?.bytesReceived ?? 0;
  }

  /** The most bytes of content that the message may have. */
  get contentLimit(): number | undefined {
    return this.#intake?.contentLimit;
  }

  async release(): Promise<void> {
    await this.#intake?.release();
  }

  /** The answer to the request; undefined when there is nobody left to answer. */
  async answer(): Promise<Answer | undefined> {
    const answer = await this.#plainAnswer();
    if (!answer || !this.#version || !this.#isMtom) return answer;
    const isEnvelope = answer.contentType === this.#version.contentType;
    return isEnvelope ? packAsMtom(answer, this.#version) : answer;
  }

  async #plainAnswer(): Promise<Answer | undefined> {
    try {
      const refusal = this.#refuseType();
      if (refusal) {
        this.#outcome = UNSUPPORTED_TYPE;
        return refusal;
      }
      await this.#read();
      return await this.#dispatch();
    } catch (error) {
      return this.#answerTo(error);
    }
  }

  /** Reports to the envelope reader: see {@link EnvelopeListener}. */
  envelope(version: SoapVersion): void {
    this.#version = version;
    if (this.#contentType.type === 'application/soap+xml' && version !== SOAP_12) {
      throw SoapFault.unreadable('A SOAP 1.1 envelope must be sent as text/xml.', {
        status: 415,
        summary: UNSUPPORTED_TYPE,
      });
    }
    if (this.#choice.by === 'nothing') throw this.#choice.fault;
    if (this.#choice.by === 'action') this.#begin(this.#choice.operation);
  }

  body(namespace: string, name: string): ArgumentReceiver | undefined {
    const { contract } = this.#options;
    if (this.#choice.by === 'element') {
      const operation = namespace === contract.namespace ? contract.findByElement(name) : undefined;
      if (!operation) throw this.#choice.orElse;
      return this.#begin(operation);
    }
    const isExpected = namespace === contract.namespace && name === this.#intake?.contract.name;
    return isExpected ? this.#intake : undefined;
  }

  isArgument(name: string): boolean {
    return this.#intake?.contract.findParameter(name) !== undefined;
  }

  ended(name: string, position: Position): void {
    const parameter = this.#intake?.contract.findParameter(name);
    if (parameter && !this.#positions.has(parameter.name)) this.#positions.set(parameter.name, position);
  }

  #begin(operation: OperationContract): ArgumentIntake {
    const arriving = { call: this.call, duplicates: 'first', request: this.#request } as const;
    this.#intake = openIntake(operation, this.#options, arriving);
    return this.#intake;
  }

  #refuseType(): Answer | undefined {
    switch (this.#contentType.type) {
      case 'text/xml':
      case 'application/soap+xml':
        return undefined;
      case 'multipart/related':
        if (this.#isMtom) return undefined;
        return plain(415, 'A multipart/related message must be of type="application/xop+xml" (MTOM).');
      case 'application/x-www-form-urlencoded': {
        /* What ASMX's SOAP 1.2 handler, the last to look at it, finds in a form (WIRE.md, The address itself). */
        const text =
          'Server was unable to process request. ---> Data at the root level is invalid. Line 1, position 1.';
        return faultAnswer(new SoapFault('Server', text), SOAP_12);
      }
      default:
        return plain(
          415,
          `The Content-Type ${this.#contentType.type || '(none)'} is not that of a SOAP message: ` +
            'text/xml (SOAP 1.1), application/soap+xml (SOAP 1.2) and multipart/related (MTOM) are.',
        );
    }
  }

  async #read(): Promise<void> {
    try {
      const { idleLimit } = this.#options;
      await readBody(this.#request, this.#reader(), { account: this.account, idleLimit });
    } catch (error) {
      if (error !== this.#intake?.failure) throw error;
    }
    /* A body without any element, and no action that says what is meant. */
    if (!this.#intake && this.#choice.by === 'element') throw this.#choice.orElse;
  }

  #reader(): MessageReader {
    const { contract, maxTextBytes } = this.#options;
    const { namespace } = contract;
    const { parameters } = this.#contentType;
    const { account } = this;
    if (this.#isMtom) return new MtomReader(parameters, this, { namespace, maxTextBytes, account });
    return new TranscodingReader(parameters.get('charset'), new EnvelopeReader(this, namespace, maxTextBytes, account));
  }

  /** A message that came as MTOM is answered as MTOM. */
  get #isMtom(): boolean {
    const { parameters, type } = this.#contentType;
    return type === 'multipart/related' && parameters.get('type')?.toLowerCase() === 'application/xop+xml';
  }

  async #dispatch(): Promise<Answer> {
    const intake = this.#intake;
    const version = this.#version;
    if (!intake || !version) throw new SoapFault('Client', 'The message names no operation.');
    intake.fillTicket();
    const answer = await this.#options.dispatcher.dispatch(intake, version);
    if (answer.outcome.failure) this.#outcome = answer.outcome.failure.summary;
    return { status: 200, contentType: version.contentType, text: answer.envelope, content: answer.content };
  }

  #answerTo(error: unknown): Answer | undefined {
    const version = this.#version ?? SOAP_11;
    this.#outcome = error instanceof SoapFault ? error.summary : outcomeOf(error);
    if (error instanceof MessageInterrupted) {
      this.#isGivenUp = true;
      return error.isTimeout ? plain(408, error.message) : undefined;
    }
    if (error instanceof SoapFault) return faultAnswer(error, version);
    if (error instanceof ArgumentError) return faultAnswer(this.#argumentFault(error), version);
    if (error instanceof UnreadableMessage) return this.#withStatus(400, error.message);
    if (error instanceof MessageTooLarge) return this.#withStatus(413, error.message);
    this.#options.report(error);
    const text = 'Server was unable to process request. ---> SystemError: The server could not carry out the call.';
    return faultAnswer(new SoapFault('Server', text), version);
  }

  #argumentFault(error: ArgumentError): SoapFault {
    const { line, column } = this.#positions.get(error.parameter.name) ?? { line: 0, column: 0 };
    return SoapFault.unreadable(`There is an error in XML document (${line}, ${column}). ---> ${error.soapMessage}`);
  }

  /** ASMX leaves the body of these answers empty. We say what is wrong: in a fault when the envelope's version is known. */
  #withStatus(status: number, message: string): Answer {
    if (!this.#version) return plain(status, message);
    return faultAnswer(SoapFault.unreadable(message, { status }), this.#version);
  }
}

function faultAnswer(fault: SoapFault, version: SoapVersion): Answer {
  return { status: fault.status, contentType: version.contentType, text: writeFault(fault, version) };
}

function plain(status: number, message: string): Answer {
  return { status, contentType: PLAIN, text: `${message}\n` };
}
