import { type Answer, toAnswer } from './answer.js';
import { onlyElement, readXml, type XmlElement } from './xml-element.js';

/** Arguments in the order they are sent in. Content is given as bytes. */
export type Arguments = Readonly<Record<string, string | number | boolean | Buffer>>;

/** A request as fetch makes it, and so without what only a wire could hold. */
export interface HttpRequest {
  readonly method: 'GET' | 'POST';
  /** Behind the address of the server: `/srv.asmx`. */
  readonly path: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body?: string | Buffer | undefined;
}

/** What came back, whatever its status. */
export interface HttpAnswer {
  readonly status: number;
  /** The whole header. */
  readonly contentType: string;
  readonly body: Buffer;
}

/** A way to call an operation. */
export interface Binding {
  readonly name: string;
  readonly isSoap: boolean;
  /** The request that calls an operation as clients do. */
  request(operation: string, args: Arguments): Promise<HttpRequest>;
  /** The element an operation answered with. @throws when the answer does not have the form the contract gives it. */
  read(operation: string, answer: HttpAnswer): Answer;
  /** The bytes an operation of type base64Binary answered with. @throws as {@link read}. */
  readBytes(operation: string, answer: HttpAnswer): Buffer;
}

const NAMESPACE = 'http://tempuri.org/';
const DECLARATION = '<?xml version="1.0" encoding="utf-8"?>';
const XML = 'text/xml; charset=utf-8';

/** Sends a request as it is. */
export async function send(url: string, { body, headers, method, path }: HttpRequest): Promise<HttpAnswer> {
  const response = await fetch(url + path, { method, headers, body: body ?? null, redirect: 'error' });
  return {
    status: response.status,
    contentType: response.headers.get('content-type') ?? '',
    body: Buffer.from(await response.arrayBuffer()),
  };
}

/** SOAP over HTTP, with the arguments in an order and a namespace of the contract's. */
class SoapBinding implements Binding {
  readonly name: string;
  readonly isSoap = true;
  readonly #envelope: string;
  readonly #answerType: string;
  readonly #headers: (operation: string) => Record<string, string>;

  constructor(
    version: string,
    options: { envelope: string; answerType: string; headers: (operation: string) => Record<string, string> },
  ) {
    this.name = `SOAP ${version}`;
    this.#envelope = options.envelope;
    this.#answerType = options.answerType;
    this.#headers = options.headers;
  }

  request(operation: string, args: Arguments): Promise<HttpRequest> {
    return Promise.resolve({
      method: 'POST',
      path: '/srv.asmx',
      headers: this.#headers(operation),
      body:
        `${DECLARATION}<soap:Envelope xmlns:soap="${this.#envelope}"><soap:Body><${operation} xmlns="${NAMESPACE}">` +
        `${Object.entries(args).map(writeArgument).join('')}</${operation}></soap:Body></soap:Envelope>`,
    });
  }

  read(operation: string, answer: HttpAnswer): Answer {
    return toAnswer(onlyElement(this.#result(operation, answer)));
  }

  readBytes(operation: string, answer: HttpAnswer): Buffer {
    const [text = '', ...more] = this.#result(operation, answer).children;
    if (typeof text !== 'string' || more.length > 0) throw new Error(`The result of ${operation} is more than text.`);
    return Buffer.from(text, 'base64');
  }

  /** `<OperationResult>` in `<OperationResponse>` in the body of an envelope. */
  #result(operation: string, answer: HttpAnswer): XmlElement {
    const text = textOf(answer, this.#answerType);
    if (!text.startsWith(`${DECLARATION}<soap:Envelope `)) throw new Error(`This is no envelope: ${text}`);
    const envelope = requireElement(readXml(text), this.#envelope, 'Envelope');
    const body = requireElement(onlyElement(envelope), this.#envelope, 'Body');
    const response = requireElement(onlyElement(body), NAMESPACE, `${operation}Response`);
    return requireElement(onlyElement(response), NAMESPACE, `${operation}Result`);
  }
}

/** GET and POST to `/srv.asmx/<Operation>`. */
class HttpBinding implements Binding {
  readonly name: string;
  readonly isSoap = false;
  readonly #write: (path: string, args: Arguments) => HttpRequest | Promise<HttpRequest>;

  constructor(name: string, write: (path: string, args: Arguments) => HttpRequest | Promise<HttpRequest>) {
    this.name = name;
    this.#write = write;
  }

  async request(operation: string, args: Arguments): Promise<HttpRequest> {
    return this.#write(`/srv.asmx/${operation}`, args);
  }

  read(_operation: string, answer: HttpAnswer): Answer {
    const text = textOf(answer, XML);
    if (!text.startsWith(`${DECLARATION}\n<`)) throw new Error(`This is no document as ASMX writes it: ${text}`);
    return toAnswer(readXml(text));
  }

  readBytes(_operation: string, { body, contentType, status }: HttpAnswer): Buffer {
    if (status !== 200 || contentType !== 'application/octet-stream') {
      throw new Error(`HTTP ${status}, ${contentType}: ${body.toString()}`);
    }
    return body;
  }
}

export const SOAP_11: Binding = new SoapBinding('1.1', {
  envelope: 'http://schemas.xmlsoap.org/soap/envelope/',
  answerType: XML,
  headers: (operation) => ({ 'Content-Type': XML, SOAPAction: `"${NAMESPACE}${operation}"` }),
});

export const SOAP_12: Binding = new SoapBinding('1.2', {
  envelope: 'http://www.w3.org/2003/05/soap-envelope',
  answerType: 'application/soap+xml; charset=utf-8',
  headers: (operation) => ({
    'Content-Type': `application/soap+xml; charset=utf-8; action="${NAMESPACE}${operation}"`,
  }),
});

export const GET: Binding = new HttpBinding('GET', (path, args) => {
  const query = writeForm(args);
  return { method: 'GET', path: query === '' ? path : `${path}?${query}`, headers: {} };
});

export const POST: Binding = new HttpBinding('POST, urlencoded', (path, args) => ({
  method: 'POST',
  path,
  headers: { 'Content-Type': 'application/x-www-form-urlencoded' },
  body: writeForm(args),
}));

export const MULTIPART: Binding = new HttpBinding('POST, multipart', async (path, args) => {
  const form = new FormData();
  for (const [name, value] of Object.entries(args)) {
    if (!Buffer.isBuffer(value)) form.append(name, String(value));
    else form.append(name, new Blob([new Uint8Array(value)], { type: 'application/octet-stream' }), 'chunk');
  }
  /* fetch's own writer of forms, an independent one. */
  const written = new Response(form);
  const body = Buffer.from(await written.arrayBuffer());
  return { method: 'POST', path, headers: { 'Content-Type': written.headers.get('content-type') ?? '' }, body };
});

/** Every way there is. */
export const BINDINGS: readonly Binding[] = [SOAP_11, SOAP_12, GET, POST, MULTIPART];

/** Content as base64. */
function writeForm(args: Arguments): string {
  const entries = Object.entries(args).map(([name, value]): [string, string] => [name, textOfValue(value)]);
  return new URLSearchParams(entries).toString();
}

function writeArgument([name, value]: [string, Arguments[string]]): string {
  return `<${name}>${escapeXml(textOfValue(value))}</${name}>`;
}

function textOfValue(value: Arguments[string]): string {
  return Buffer.isBuffer(value) ? value.toString('base64') : String(value);
}

/** Text as it may stand in an element. */
export function escapeXml(text: string): string {
  return text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;');
}

function textOf({ body, contentType, status }: HttpAnswer, expectedType: string): string {
  const text = body.toString();
  if (status !== 200 || contentType !== expectedType) throw new Error(`HTTP ${status}, ${contentType}: ${text}`);
  return text;
}

function requireElement(element: XmlElement, namespace: string, name: string): XmlElement {
  if (element.namespace === namespace && element.name === name) return element;
  throw new Error(`<${element.name}> of ${element.namespace} stands where <${name}> of ${namespace} should.`);
}
