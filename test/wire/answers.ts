import type { Answer } from './row.js';

/** Answers as ASMX lays them out (WIRE.md, Whole messages), written down shortly. */

export const DECLARATION = '<?xml version="1.0" encoding="utf-8"?>';

const SCHEMA_NAMESPACES =
  'xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance" xmlns:xsd="http://www.w3.org/2001/XMLSchema"';
const NAMESPACES = {
  '1.1': 'http://schemas.xmlsoap.org/soap/envelope/',
  '1.2': 'http://www.w3.org/2003/05/soap-envelope',
} as const;

const XML = 'text/xml; charset=utf-8';
const SOAP_12 = 'application/soap+xml; charset=utf-8';
const PLAIN = 'text/plain; charset=utf-8';

/** What ASMX says about caching: of a result, and of an error. */
const RESULT = { 'cache-control': 'private, max-age=0' };
const ERROR = { 'cache-control': 'private' };

/** Stands in an expected text for words that are not pinned: any characters but `<`. */
const ANYTHING = '…';

type SoapVersion = keyof typeof NAMESPACES;

/** A result over GET and POST: an element as a document. */
export function document(element: string): Answer {
  return {
    status: 200,
    contentType: XML,
    headers: RESULT,
    body: `${DECLARATION}\n${element}`,
    brief: `<?xml?> ${element}`,
  };
}

/** An error over GET and POST. `text` as it goes over the wire, without the line feed at its end. */
export function message(text: string, status = 500): Answer {
  return {
    status,
    contentType: PLAIN,
    headers: ERROR,
    body: pattern(`${text}\n`),
    brief: text.replaceAll('\n', ' '),
  };
}

/** A result in SOAP 1.1; `result` is what stands in the element of the result, undefined when that is not there. */
export function soap11(operation: string, result: string): Answer {
  return soapResult('1.1', operation, result);
}

export function soap12(operation: string, result: string): Answer {
  return soapResult('1.2', operation, result);
}

function soapResult(version: SoapVersion, operation: string, result: string): Answer {
  const name = `${operation}Result`;
  const element = result === '' ? `<${name} />` : `<${name}>${result}</${name}>`;
  return {
    status: 200,
    contentType: version === '1.1' ? XML : SOAP_12,
    headers: RESULT,
    body: envelope(
      version,
      `<soap:Body><${operation}Response xmlns="http://tempuri.org/">${element}</${operation}Response></soap:Body>`,
    ),
    brief: `SOAP ${version} {${operation}} ${result === '' ? '(empty)' : result}`,
  };
}

/** The same for an answer that holds no element for its result. No operation of ours has one. */
export function soapNull(version: SoapVersion, operation: string): Answer {
  const response = `<${operation}Response xmlns="http://tempuri.org/" />`;
  return {
    status: 200,
    contentType: version === '1.1' ? XML : SOAP_12,
    headers: RESULT,
    body: envelope(version, `<soap:Body>${response}</soap:Body>`),
    brief: `SOAP ${version} ${response}`,
  };
}

/** What a fault may have besides its code and text. */
interface FaultForm {
  readonly status?: number;
  readonly header?: string;
  readonly hasDetail?: boolean;
}

/** A fault in SOAP 1.1. `text` as it goes over the wire, but with a plain `>`. */
export function fault11(code: string, text: string, form: FaultForm = {}): Answer {
  const detail = (form.hasDetail ?? true) ? '<detail />' : '';
  const inner = `<faultcode>soap:${code}</faultcode><faultstring>${written(text)}</faultstring>${detail}`;
  return faultOf('1.1', inner, `fault soap:${code}: ${text}`, form);
}

export function fault12(code: string, text: string, form: FaultForm = {}): Answer {
  const detail = (form.hasDetail ?? true) ? '<soap:Detail />' : '';
  const inner =
    `<soap:Code><soap:Value>soap:${code}</soap:Value></soap:Code>` +
    `<soap:Reason><soap:Text xml:lang="en">${written(text)}</soap:Text></soap:Reason>${detail}`;
  return faultOf('1.2', inner, `fault soap:${code}: ${text}`, form);
}

/** A header that was not understood. */
export function notUnderstood(version: SoapVersion, name: string): Answer {
  const fault = version === '1.1' ? fault11 : fault12;
  return fault('MustUnderstand', `SOAP header ${name} was not understood.`, { hasDetail: false });
}

/** An envelope that is none: the fault goes with a header that says which there are. */
export function versionMismatch(namespace: string): Answer {
  const upgrade =
    `<soap12:Upgrade xmlns:soap12="${NAMESPACES['1.2']}">` +
    `<soap12:SupportedEnvelope qname="soap:Envelope" xmlns:soap="${NAMESPACES['1.1']}" />` +
    '<soap12:SupportedEnvelope qname="soap12:Envelope" /></soap12:Upgrade>';
  return fault11(
    'VersionMismatch',
    `Possible SOAP version mismatch: Envelope namespace ${namespace} was unexpected. Expecting ${NAMESPACES['1.1']}.`,
    { header: `<soap:Header>${upgrade}</soap:Header>` },
  );
}

function faultOf(version: SoapVersion, inner: string, brief: string, { header = '', status = 500 }: FaultForm): Answer {
  return {
    status,
    contentType: version === '1.1' ? XML : SOAP_12,
    headers: ERROR,
    body: pattern(envelope(version, `${header}<soap:Body><soap:Fault>${inner}</soap:Fault></soap:Body>`)),
    brief: `SOAP ${version} ${header === '' ? '' : 'Header soap12:Upgrade + '}${brief}`,
  };
}

function envelope(version: SoapVersion, inside: string): string {
  return `${DECLARATION}<soap:Envelope xmlns:soap="${NAMESPACES[version]}" ${SCHEMA_NAMESPACES}>${inside}</soap:Envelope>`;
}

/** A SOAP answer as MTOM (XOP, 4): the envelope is the first part, and `content`, where there is any, the second. */
export function mtomAnswer(innerType: string, { body, brief, headers = {}, status }: Answer, content?: string): Answer {
  const part = (type: string, id: string, inside: string): string =>
    escaped(`Content-Type: ${type}\r\nContent-Transfer-Encoding: binary\r\nContent-ID: <${id}>\r\n\r\n${inside}\r\n--`);
  const root = part(`application/xop+xml; charset=UTF-8; type="${innerType}"`, 'root@lighterage', String(body));
  const second = content === undefined ? [] : [part('application/octet-stream', 'content@lighterage', content)];
  const parts = [root, ...second].join('\\1\r\n');
  return {
    status,
    contentType: `multipart/related; type="application/xop+xml"; boundary="…"; start="<root@lighterage>"; start-info="${innerType}"`,
    headers,
    body: new RegExp(`^--(uuid:[-\\da-f]{36})\r\n${parts}\\1--\r\n$`),
    brief: `MTOM: ${brief}${content === undefined ? '' : ' + the bytes themselves'}`,
  };
}

/** An answer without a body. */
export function empty(status: number, contentType?: string): Answer {
  return { status, contentType, body: '', brief: '(empty)' };
}

/** A page for people. ASP.NET names no charset; we do. */
export function page(status: number, title: string, contentType = 'text/html'): Answer {
  return { status, contentType, body: new RegExp(`<title>${title}</title>`), brief: `HTML page: ${title}` };
}

export function ourPage(status: number, title: string): Answer {
  return page(status, title, 'text/html; charset=utf-8');
}

/** Bytes as they are. */
export function bytes(text: string): Answer {
  return {
    status: 200,
    contentType: 'application/octet-stream',
    headers: RESULT,
    body: text,
    brief: `the bytes themselves: ${text === '' ? '(empty)' : text}`,
  };
}

function written(text: string): string {
  return text.replaceAll('>', '&gt;');
}

/** The text as it is, or, where something in it is not pinned, a pattern for the whole of it. */
export function pattern(text: string): string | RegExp {
  if (!text.includes(ANYTHING)) return text;
  return new RegExp(`^${text.split(ANYTHING).map(escaped).join('[^<]+')}$`);
}

function escaped(text: string): string {
  return text.replace(/[.*+?^${}()|[\]\\]/g, '\\$&');
}
