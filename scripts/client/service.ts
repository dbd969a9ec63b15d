import { escapeText } from '../../src/contract/element-writer.js';
import { type Answer, CallFailed, readAnswer } from './answer.js';

/** What carries a call: each says the same in its own form. */
export type Binding = 'SOAP 1.1' | 'GET' | 'POST';

/** The arguments of a call by their names. A buffer is content. */
export type Arguments = Readonly<Record<string, string | number | boolean | Buffer>>;

const NAMESPACE = 'http://tempuri.org/';

/** A request as `fetch` takes it. */
type Sending = readonly [url: string, init: RequestInit];

/** An srv.asmx, as a client sees it. It knows no more of the server than the contract says. */
export class Service {
  /** The endpoint: `http://127.0.0.1:8080/srv.asmx`. */
  readonly url: string;

  constructor(url: string) {
    this.url = url;
  }

  /**
   * Calls an operation and gives its answer, whether it succeeded or not. @throws CallFailed when there is no answer but an error of
   * the protocol, and what `fetch` throws when nobody is there.
   */
  async ask(binding: Binding, operation: string, args: Arguments): Promise<Answer> {
    const response = await fetch(...this.#sending(binding, operation, args));
    const text = await response.text();
    if (!response.ok) throw new CallFailed(operation, `HTTP ${response.status}: ${text.trim().slice(0, 500)}`);
    return readAnswer(operation, text);
  }

  /** As {@link ask}, for a call that must succeed. @throws CallFailed also with the error of an answer. */
  async call(binding: Binding, operation: string, args: Arguments): Promise<Answer> {
    const answer = await this.ask(binding, operation, args);
    if (answer.attributes['success'] === 'true') return answer;
    throw new CallFailed(operation, answer.attributes['error'] ?? 'The call failed.');
  }

  #sending(binding: Binding, operation: string, args: Arguments): Sending {
    switch (binding) {
      case 'SOAP 1.1':
        return [this.url, { method: 'POST', headers: soapHeaders(operation), body: envelope(operation, args) }];
      case 'GET':
        return [`${this.url}/${operation}?${form(args).toString()}`, {}];
      case 'POST': {
        const hasContent = Object.values(args).some((value) => value instanceof Buffer);
        return [`${this.url}/${operation}`, { method: 'POST', body: hasContent ? multipart(args) : form(args) }];
      }
    }
  }
}

function soapHeaders(operation: string): Record<string, string> {
  return { 'Content-Type': 'text/xml; charset=utf-8', SOAPAction: `"${NAMESPACE}${operation}"` };
}

function envelope(operation: string, args: Arguments): Buffer<ArrayBuffer> {
  const elements = Object.entries(args).flatMap(([name, value]) => [`<${name}>`, xmlText(value), `</${name}>`]);
  return Buffer.concat(
    [
      '<?xml version="1.0" encoding="utf-8"?>',
      '<soap:Envelope xmlns:soap="http://schemas.xmlsoap.org/soap/envelope/"><soap:Body>',
      `<${operation} xmlns="${NAMESPACE}">`,
      ...elements,
      `</${operation}></soap:Body></soap:Envelope>`,
    ].map((piece) => Buffer.from(piece)),
  );
}

function xmlText(value: Arguments[string]): string {
  return value instanceof Buffer ? value.toString('base64') : escapeText(String(value));
}

/** For a query, or the body of a form without files. */
function form(args: Arguments): URLSearchParams {
  const fields = new URLSearchParams();
  for (const [name, value] of Object.entries(args)) {
    fields.append(name, value instanceof Buffer ? value.toString('base64') : String(value));
  }
  return fields;
}

/** Content goes as it is, in a part of its own. */
function multipart(args: Arguments): FormData {
  const body = new FormData();
  for (const [name, value] of Object.entries(args)) {
    if (value instanceof Buffer) body.append(name, new Blob([new Uint8Array(value)]), 'chunk');
    else body.append(name, String(value));
  }
  return body;
}
