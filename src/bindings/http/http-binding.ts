import type { IncomingMessage, ServerResponse } from 'node:http';
import { ArgumentError } from '../../contract/arguments.js';
import type { OperationContract } from '../../contract/contract.js';
import { findContent, writeDocument } from '../../contract/element-writer.js';
import type { Result } from '../../contract/result.js';
import type { Call } from '../../operations/operation.js';
import { StorageFailure } from '../../values/failure.js';
import { isBrokenOff, sendAnswer, sendBytes, type Sending } from '../answer.js';
import type { BindingOptions } from '../binding-options.js';
import { callerAddress } from '../caller.js';
import { parseContentType } from '../content-type.js';
import { openIntake } from '../open-intake.js';
import { outcomeOf, UNKNOWN_OPERATION, UNSUPPORTED_TYPE } from '../outcome.js';
import type { ArgumentIntake } from '../payload/argument-intake.js';
import { MessageTooLarge, type MessageReader, UnreadableMessage } from '../payload/argument-receiver.js';
import { FormDataReader } from '../payload/form-data-reader.js';
import { MessageInterrupted } from '../payload/message-pump.js';
import type { TextAccount } from '../payload/text-budget.js';
import { readQuery, UrlencodedReader } from '../payload/urlencoded-reader.js';
import { ReceivedCall } from '../received-call.js';
import { drain, readBody } from '../request-body.js';
import { escapeHtml } from './escape-html.js';

export interface HttpBindingOptions extends BindingOptions {
  /** The longest request line, bytes. */
  readonly maxRequestLine: number;
}

const PLAIN = 'text/plain; charset=utf-8';
const XML = 'text/xml; charset=utf-8';

/** A request that is not served, with the status and the line that says why. */
class HttpError extends Error {
  override readonly name = 'HttpError';
  readonly status: number;
  /** What the log says: nothing that the caller wrote. */
  readonly summary: string;

  constructor(status: number, summary: string, message: string) {
    super(message);
    this.status = status;
    this.summary = summary;
  }
}

/** The asmx bindings for GET and POST: a request to `/srv.asmx/<Operation>`, arguments in the query or in a form. */
export class HttpBinding {
  readonly #options: HttpBindingOptions;

  constructor(options: HttpBindingOptions) {
    this.#options = options;
  }

  /**
   * Serves a GET, HEAD or POST. Never rejects.
   *
   * @param name - The path behind `/srv.asmx/`, decoded.
   */
  async serve(request: IncomingMessage, response: ServerResponse, name: string): Promise<void> {
    await new HttpExchange(this.#options, request, response).serve(name);
  }
}

/** One request and its answer. */
class HttpExchange {
  readonly #options: HttpBindingOptions;
  readonly #request: IncomingMessage;
  readonly #response: ServerResponse;
  readonly #call: Call;
  readonly #account: TextAccount;
  #intake: ArgumentIntake | undefined;
  #outcome = 'ok';
  #bytesOut = 0;

  constructor(options: HttpBindingOptions, request: IncomingMessage, response: ServerResponse) {
    this.#options = options;
    this.#request = request;
    this.#response = response;
    this.#call = new ReceivedCall(request, callerAddress(request, options.trustProxy), options.texts);
    this.#account = options.texts.open(this.#call, () => request.socket.destroy());
  }

  async serve(name: string): Promise<void> {
    const started = performance.now();
    try {
      await this.#send(await this.#carryOut(name));
    } catch (error) {
      await this.#answerTo(error);
    } finally {
      await this.#intake?.release();
      this.#account.release();
      this.#options.log({
        operation: this.#intake?.contract.name,
        binding: this.#request.method === 'POST' ? 'POST' : 'GET',
        user: this.#call.user,
        address: this.#call.address,
        status: this.#response.statusCode,
        outcome: this.#outcome,
        bytesIn: this.#intake?.bytesReceived ?? 0,
        bytesOut: this.#bytesOut,
        duration: performance.now() - started,
      });
    }
  }

  async #carryOut(name: string): Promise<Result> {
    const { runner } = this.#options;
    const operation = this.#find(name);
    const arriving = { call: this.#call, duplicates: 'join', request: this.#request } as const;
    const intake = openIntake(operation, this.#options, arriving);
    this.#intake = intake;
    await this.#read(intake);
    intake.fillTicket();
    const { failure, texts } = intake;
    const outcome = failure
      ? runner.refuse(operation, failure)
      : await runner.run(operation, texts, intake.contents(), this.#call);
    if (outcome.failure) this.#outcome = outcome.failure.summary;
    await intake.release();
    return outcome.result;
  }

  /** @throws HttpError as ASMX words it (WIRE.md, HTTP GET: unknown method, wrong case). */
  #find(name: string): OperationContract {
    const { operations } = this.#options.contract;
    const operation = operations.get(name);
    if (operation) return operation;
    const other = [...operations.keys()].find((known) => known.toLowerCase() === name.toLowerCase());
    if (other === undefined)
      throw new HttpError(500, UNKNOWN_OPERATION, `${name} Web Service method name is not valid.`);
    throw new HttpError(
      500,
      UNKNOWN_OPERATION,
      `Invalid method name '${name}', method names are case sensitive. The method name '${other}' with the same name ` +
        'but different casing was found.\nParameter name: methodName',
    );
  }

  async #read(intake: ArgumentIntake): Promise<void> {
    try {
      if (this.#request.method === 'POST') await this.#readForm(intake);
      else await this.#readQuery(intake);
    } catch (error) {
      if (error !== intake.failure) throw error;
      await intake.release();
      await this.#skipRest();
    }
  }

  /** What is left of the message must come before the answer can be seen. */
  async #skipRest(): Promise<void> {
    const isUsable = await drain(this.#request, this.#options.idleLimit, this.#intake?.contentLimit);
    if (!isUsable) this.#response.setHeader('Connection', 'close');
  }

  async #readQuery(intake: ArgumentIntake): Promise<void> {
    const { maxRequestLine, maxTextBytes } = this.#options;
    const url = this.#request.url ?? '';
    const lineLength = url.length + `${this.#request.method ?? ''}  HTTP/1.1`.length;
    if (lineLength > maxRequestLine) {
      throw new HttpError(
        414,
        'request line too long',
        `The request line is ${lineLength} bytes long and may have ${maxRequestLine}. Send content with POST.`,
      );
    }
    const question = url.indexOf('?');
    const query = question === -1 ? '' : url.slice(question + 1);
    await readQuery(query, intake, { maxTextBytes: Math.max(maxTextBytes, maxRequestLine), account: this.#account });
  }

  async #readForm(intake: ArgumentIntake): Promise<void> {
    const reader = this.#formReader(intake);
    const { idleLimit } = this.#options;
    if (reader) await readBody(this.#request, reader, { account: this.#account, idleLimit });
    else await this.#skipRest();
  }

  /** Undefined: there is nothing to be read. @throws HttpError for a Content-Type that is no form's. */
  #formReader(intake: ArgumentIntake): MessageReader | undefined {
    const header = this.#request.headers['content-type'];
    const { type, parameters } = parseContentType(header);
    const { maxTextBytes } = this.#options;
    const account = this.#account;
    if (type === 'application/x-www-form-urlencoded') {
      return new UrlencodedReader(intake, { maxTextBytes, account, charset: parameters.get('charset') });
    }
    if (type === 'multipart/form-data') {
      return new FormDataReader(intake, { maxTextBytes, account, boundary: parameters.get('boundary') });
    }
    if (type === 'application/json') throw new ScriptCall();
    /* An operation without parameters is called by whatever a POST holds, a caller without arguments by an empty one. */
    if (intake.contract.parameters.length === 0) return undefined;
    throw new HttpError(500, UNSUPPORTED_TYPE, `Request format is invalid: ${header ?? ''}.`);
  }

  /** Not async, as sendAnswer is not: the result shall not be kept here while its text is taken. */
  #send(result: Result): Promise<void> {
    this.#limitSending();
    if (result.kind === 'bytes') {
      this.#bytesOut = result.content?.length ?? 0;
      return sendBytes(this.#response, result.content, this.#sending);
    }
    const content = findContent(result.element);
    this.#bytesOut = content?.length ?? 0;
    const answer = { status: 200, contentType: XML, text: writeDocument(result.element), content };
    return sendAnswer(this.#response, answer, this.#sending);
  }

  get #sending(): Sending {
    return { caller: this.#call, buffers: this.#options.buffers, account: this.#account };
  }

  /** A caller who takes nothing for too long is left. */
  #limitSending(): void {
    this.#response.setTimeout(this.#options.idleLimit, () => this.#response.destroy());
  }

  /** Says what went wrong, when there is still somebody to say it to. */
  async #answerTo(error: unknown): Promise<void> {
    this.#outcome = error instanceof HttpError ? error.summary : outcomeOf(error);
    if (this.#response.headersSent || this.#response.destroyed || isGone(error)) {
      this.#outcome = 'interrupted';
      this.#response.destroy();
      return;
    }
    try {
      /* What was waited for too long is not waited for again. */
      if (error instanceof MessageInterrupted) this.#response.setHeader('Connection', 'close');
      else await this.#skipRest();
      this.#limitSending();
      await this.#sendError(error);
    } catch {
      /* The caller went away while it was told what went wrong: there is nobody left to tell. */
      this.#response.destroy();
    }
  }

  async #sendError(error: unknown): Promise<void> {
    if (error instanceof ScriptCall) {
      this.#response.setHeader('jsonerror', 'true');
      await sendAnswer(
        this.#response,
        { status: 500, contentType: 'application/json; charset=utf-8', text: SCRIPT_ERROR },
        this.#sending,
      );
      return;
    }
    const { status, messages } = this.#describe(error);
    const text = `${messages.map(escapeHtml).join(' ---> ')}\n`;
    await sendAnswer(this.#response, { status, contentType: PLAIN, text }, this.#sending);
  }

  /** The status, and the messages: of the error, and of the one inside it. ASMX escapes each, and not what joins them. */
  #describe(error: unknown): { status: number; messages: readonly string[] } {
    if (error instanceof HttpError) return { status: error.status, messages: [error.message] };
    if (error instanceof ArgumentError) return { status: 500, messages: error.httpMessages };
    if (error instanceof UnreadableMessage) return { status: 400, messages: [error.message] };
    if (error instanceof MessageTooLarge) return { status: 413, messages: [error.message] };
    if (error instanceof MessageInterrupted) return { status: 408, messages: [error.message] };
    this.#options.report(error);
    /* The content of an answer that had not begun could not be read. */
    if (error instanceof StorageFailure) return { status: 500, messages: [error.message] };
    return { status: 500, messages: ['SystemError: The server could not carry out the call.'] };
  }
}

/** A call of ASP.NET's script kind, which ASMX serves only where a service asks for it: srv.asmx does not. */
class ScriptCall extends HttpError {
  constructor() {
    super(500, UNSUPPORTED_TYPE, 'There was an error processing the request.');
  }
}

/** What .NET answers then (WIRE.md, Where .NET on IIS differs from these rows). */
const SCRIPT_ERROR = JSON.stringify({
  Message: 'There was an error processing the request.',
  StackTrace: '',
  ExceptionType: '',
});

function isGone(error: unknown): boolean {
  return isBrokenOff(error) || (error instanceof MessageInterrupted && !error.isTimeout);
}
