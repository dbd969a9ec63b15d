import type { Header, WireRequest } from './exchange.js';

/** Requests in the forms the rows have, written down shortly. */

const SERVICE = '/srv.asmx';
const NAMESPACE = 'http://tempuri.org/';

export const FORM: Header = ['Content-Type', 'application/x-www-form-urlencoded'];
export const TEXT_XML: Header = ['Content-Type', 'text/xml; charset=utf-8'];
export const ECHO_ACTION: Header = ['SOAPAction', '"http://tempuri.org/Echo"'];

/** @param path - Behind the address of the service: `/Echo?…`, `?WSDL`. */
export function get(path: string, headers: readonly Header[] = []): WireRequest {
  return { method: 'GET', target: SERVICE + path, headers };
}

/** Any method, at any address. */
export function bare(method: string, target: string): WireRequest {
  return { method, target, headers: [] };
}

export function post(path: string, body: string | Buffer, headers: readonly Header[] = [FORM]): WireRequest {
  return { method: 'POST', target: SERVICE + path, headers, body: Buffer.from(body) };
}

/** A message to the address of the service, with the headers as they are given. */
export function message(headers: readonly Header[], envelope: string | Buffer): WireRequest {
  return post('', envelope, headers);
}

/** A SOAP 1.1 message that calls an operation as .NET does. */
export function soap11(envelope: string | Buffer, operation = 'Echo'): WireRequest {
  return message([TEXT_XML, ['SOAPAction', `"${NAMESPACE}${operation}"`]], envelope);
}

/** A SOAP 1.2 message that calls an operation as .NET does. */
export function soap12(envelope: string | Buffer, operation = 'Echo'): WireRequest {
  return message(
    [['Content-Type', `application/soap+xml; charset=utf-8; action="${NAMESPACE}${operation}"`]],
    envelope,
  );
}

export interface EnvelopeForm {
  readonly declaration?: string;
  /** The header element, written with the prefix `soap`. */
  readonly header?: string;
  /** Attributes for the envelope besides its own namespace. */
  readonly attributes?: string;
}

export const DECLARATION = '<?xml version="1.0" encoding="utf-8"?>';

export const XSI = ' xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance"';
export const XSD = ' xmlns:xsd="http://www.w3.org/2001/XMLSchema"';

export const NAMESPACE_11 = 'http://schemas.xmlsoap.org/soap/envelope/';
export const NAMESPACE_12 = 'http://www.w3.org/2003/05/soap-envelope';

/** An envelope on one line, as the recorded messages were: the positions in faults count on it. */
export function envelope11(body: string, form: EnvelopeForm = {}): string {
  return writeEnvelope(NAMESPACE_11, body, form);
}

export function envelope12(body: string, form: EnvelopeForm = {}): string {
  return writeEnvelope(NAMESPACE_12, body, form);
}

export function writeEnvelope(
  namespace: string,
  body: string,
  { attributes = '', declaration = DECLARATION, header = '' }: EnvelopeForm = {},
): string {
  return (
    `${declaration}<soap:Envelope xmlns:soap="${namespace}"${attributes}>${header}` +
    `<soap:Body>${body}</soap:Body></soap:Envelope>`
  );
}

/** The arguments of Echo, each as the element it is sent in. */
export interface EchoElements {
  readonly text?: string;
  readonly number?: string;
  readonly flag?: string;
}

/** The element of a call of Echo, with the arguments of the recorded messages but for those that are given. */
export function echo({
  text = '<text>x</text>',
  number = '<number>7</number>',
  flag = '<flag>true</flag>',
}: EchoElements = {}): string {
  return call('Echo', text + number + flag);
}

/** The element of a call of EchoBytes, given the element of its content. */
export function echoBytes(data: string): string {
  return call('EchoBytes', `<text>x</text>${data}`);
}

export function call(operation: string, args: string): string {
  return args === ''
    ? `<${operation} xmlns="${NAMESPACE}" />`
    : `<${operation} xmlns="${NAMESPACE}">${args}</${operation}>`;
}

/** What stands in an envelope for the content that {@link mtom} sends in a part of its own. */
export const INCLUDE =
  '<data><xop:Include xmlns:xop="http://www.w3.org/2004/08/xop/include" href="cid:data%40probe"/></data>';

/** A message as MTOM, with the bytes `ab` in a part of their own. */
export function mtom(innerType: string, envelope: string, operation: string): WireRequest {
  const action = `${NAMESPACE}${operation}`;
  const body =
    `--b\r\nContent-Type: application/xop+xml; charset=UTF-8; type="${innerType}"\r\n` +
    `Content-Transfer-Encoding: binary\r\nContent-ID: <root@probe>\r\n\r\n${envelope}\r\n` +
    '--b\r\nContent-Type: application/octet-stream\r\nContent-Transfer-Encoding: binary\r\n' +
    'Content-ID: <data@probe>\r\n\r\nab\r\n--b--\r\n';
  const type = `multipart/related; type="application/xop+xml"; boundary=b; start="<root@probe>"; start-info="${innerType}"`;
  if (innerType === 'text/xml')
    return message(
      [
        ['Content-Type', type],
        ['SOAPAction', `"${action}"`],
      ],
      body,
    );
  return message([['Content-Type', `${type}; action="${action}"`]], body);
}
