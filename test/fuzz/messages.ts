import zlib from 'node:zlib';
import { escapeText } from '../../src/contract/element-writer.js';

/** Arguments of a call in the order they are sent in. A buffer is content. */
export type Arguments = Readonly<Record<string, string | Buffer>>;

/** A request before it is written on a connection. */
export interface Message {
  readonly method: string;
  readonly target: string;
  readonly headers: readonly (readonly [name: string, value: string])[];
  readonly body: Buffer;
  /** What the body is compressed by when it is written. */
  readonly coding?: 'gzip' | 'deflate';
}

/** Ways to make a call: one for each form the server reads. */
export type Form = (operation: string, args: Arguments) => Message;

const NAMESPACE = 'http://tempuri.org/';
const ENVELOPES = {
  '1.1': 'http://schemas.xmlsoap.org/soap/envelope/',
  '1.2': 'http://www.w3.org/2003/05/soap-envelope',
} as const;

type Version = keyof typeof ENVELOPES;

const soap =
  (version: Version): Form =>
  (operation, args) => ({
    method: 'POST',
    target: '/srv.asmx',
    headers: actionHeaders(version, operation),
    body: Buffer.from(
      envelope(
        version,
        operation,
        Object.entries(args).map(([name, value]) => [name, escapeText(textOf(value))]),
      ),
    ),
  });

const get: Form = (operation, args) => ({
  method: 'GET',
  target: `/srv.asmx/${operation}?${urlencoded(args)}`,
  headers: [],
  body: Buffer.alloc(0),
});

const form: Form = (operation, args) => ({
  method: 'POST',
  target: `/srv.asmx/${operation}`,
  headers: [['Content-Type', 'application/x-www-form-urlencoded']],
  body: Buffer.from(urlencoded(args)),
});

const multipart: Form = (operation, args) => {
  const parts = Object.entries(args).map(([name, value]) =>
    part([`Content-Disposition: form-data; name="${name}"${Buffer.isBuffer(value) ? '; filename="f"' : ''}`], value),
  );
  return {
    method: 'POST',
    target: `/srv.asmx/${operation}`,
    headers: [['Content-Type', 'multipart/form-data; boundary=boundary']],
    body: Buffer.concat([...parts, Buffer.from('--boundary--\r\n')]),
  };
};

const mtom =
  (version: Version): Form =>
  (operation, args) => {
    const innerType = version === '1.1' ? 'text/xml' : 'application/soap+xml';
    const contents = Object.entries(args).filter(([, value]) => Buffer.isBuffer(value));
    const text = envelope(
      version,
      operation,
      Object.entries(args).map(([name, value]) => [name, Buffer.isBuffer(value) ? include(name) : escapeText(value)]),
    );
    const type = `multipart/related; type="application/xop+xml"; boundary=boundary; start="<root@x>"; start-info="${innerType}"`;
    return {
      method: 'POST',
      target: '/srv.asmx',
      headers: [
        ['Content-Type', type],
        ['SOAPAction', `"${NAMESPACE}${operation}"`],
      ],
      body: Buffer.concat([
        part([`Content-Type: application/xop+xml; charset=UTF-8; type="${innerType}"`, 'Content-ID: <root@x>'], text),
        ...contents.map(([name, value]) =>
          part(['Content-Transfer-Encoding: binary', `Content-ID: <${name}@x>`], value),
        ),
        Buffer.from('--boundary--\r\n'),
      ]),
    };
  };

const compressed =
  (form: Form, coding: 'gzip' | 'deflate'): Form =>
  (operation, args) => ({ ...form(operation, args), coding });

const utf16: Form = (operation, args) => {
  const message = soap('1.1')(operation, args);
  return {
    ...message,
    headers: [['Content-Type', 'text/xml; charset=utf-16'], ...message.headers.slice(1)],
    body: Buffer.from(`\ufeff${message.body.toString()}`, 'utf16le'),
  };
};

export const FORMS: readonly Form[] = [
  soap('1.1'),
  soap('1.2'),
  mtom('1.1'),
  mtom('1.2'),
  get,
  form,
  multipart,
  utf16,
  compressed(soap('1.1'), 'gzip'),
  compressed(mtom('1.2'), 'gzip'),
  compressed(form, 'gzip'),
  compressed(multipart, 'deflate'),
];

function actionHeaders(version: Version, operation: string): Message['headers'] {
  const action = `${NAMESPACE}${operation}`;
  if (version === '1.2') return [['Content-Type', `application/soap+xml; charset=utf-8; action="${action}"`]];
  return [
    ['Content-Type', 'text/xml; charset=utf-8'],
    ['SOAPAction', `"${action}"`],
  ];
}

function envelope(
  version: Version,
  operation: string,
  args: readonly (readonly [name: string, xml: string])[],
): string {
  return (
    `<?xml version="1.0" encoding="utf-8"?><soap:Envelope xmlns:soap="${ENVELOPES[version]}"><soap:Body>` +
    `<${operation} xmlns="${NAMESPACE}">${args.map(([name, xml]) => `<${name}>${xml}</${name}>`).join('')}</${operation}>` +
    '</soap:Body></soap:Envelope>'
  );
}

function include(name: string): string {
  return `<xop:Include xmlns:xop="http://www.w3.org/2004/08/xop/include" href="cid:${name}@x"/>`;
}

function part(headers: readonly string[], body: string | Buffer): Buffer {
  return Buffer.concat([
    Buffer.from(`--boundary\r\n${headers.join('\r\n')}\r\n\r\n`),
    Buffer.from(body as string),
    Buffer.from('\r\n'),
  ]);
}

function urlencoded(args: Arguments): string {
  return new URLSearchParams(
    Object.entries(args).map(([name, value]): [string, string] => [name, textOf(value)]),
  ).toString();
}

function textOf(value: string | Buffer): string {
  return Buffer.isBuffer(value) ? value.toString('base64') : value;
}

/** The body as it is sent. */
export function encodeBody({ body, coding }: Message): Buffer {
  if (!coding) return body;
  return coding === 'gzip' ? zlib.gzipSync(body, { level: 1 }) : zlib.deflateSync(body, { level: 1 });
}

/** A message as it goes over the wire, with a body that is encoded already. */
export function writeMessage({ coding, headers, method, target }: Message, body: Buffer): Buffer {
  const added = coding ? [['Content-Encoding', coding]] : [];
  if (method !== 'GET' || body.length > 0) added.push(['Content-Length', String(body.length)]);
  const lines = [['Host', 'localhost'], ...headers, ...added].map(([name = '', value = '']) => `${name}: ${value}\r\n`);
  return Buffer.concat([Buffer.from(`${method} ${target} HTTP/1.1\r\n${lines.join('')}\r\n`, 'latin1'), body]);
}
