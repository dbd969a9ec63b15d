import type { Message } from './messages.js';
import { encodeBody, writeMessage } from './messages.js';
import type { Random } from './random.js';

/** Bytes that mean something to one of the readers. */
const TOKENS: readonly Buffer[] = [
  ...[
    '<',
    '>',
    '&',
    '"',
    "'",
    ';',
    '=',
    '%',
    '+',
    '\r\n',
    '\n',
    '\r\n\r\n',
    '\0',
    ' ',
    '--boundary',
    '--boundary--',
    '--',
  ],
  ...[
    '<![CDATA[',
    ']]>',
    '<!--',
    '-->',
    '<?',
    '?>',
    '<!DOCTYPE a [<!ENTITY b "c">]>',
    '&b;',
    '&#0;',
    '&#x10ffff;',
    '&lt;',
  ],
  ...[
    '</soap:Body>',
    '<soap:Header>',
    ' soap:mustUnderstand="1"',
    ' xmlns=""',
    ' xmlns:soap="urn:x"',
    ' xsi:nil="true"',
  ],
  ...['-1', '0', '2147483648', '9'.repeat(400), '1e99', 'NaN', 'true', '../..', '/', '\\', '|', '~D1', '~F1', '~D'],
  ...[
    '%00',
    '%u0041',
    '%zz',
    '&&',
    '==',
    'A'.repeat(5000),
    ' '.repeat(5000),
    'href="cid:x"',
    '\ufeff',
    '\u202e',
    '\ud83d\ude00',
  ],
]
  .map((token) => Buffer.from(token))
  .concat([Buffer.from([0xff, 0xfe]), Buffer.from([0xc0, 0x80]), Buffer.from([0xed, 0xa0, 0x80])]);

const HEADERS: readonly (readonly [name: string, value: string])[] = [
  ['Content-Type', 'text/xml'],
  ['Content-Type', 'application/soap+xml'],
  ['Content-Type', 'multipart/related; type="application/xop+xml"; boundary=b'],
  ['Content-Type', 'multipart/form-data'],
  ['Content-Type', 'multipart/form-data; boundary="'],
  ['Content-Type', 'application/json'],
  ['Content-Type', 'text/xml; charset=utf-16'],
  ['Content-Type', 'text/xml; charset=nope'],
  ['Content-Type', ';;;='],
  ['Content-Encoding', 'gzip'],
  ['Content-Encoding', 'deflate'],
  ['Content-Encoding', 'br'],
  ['Transfer-Encoding', 'chunked'],
  ['Content-Length', '0'],
  ['Content-Length', '5'],
  ['Content-Length', '99999999'],
  ['SOAPAction', '%'],
  ['SOAPAction', '"http://tempuri.org/ServerInfo"'],
  ['SOAPAction', ''],
  ['Cookie', 'ticket=%'],
  ['Cookie', 'ticket="1'],
  ['Origin', ':'],
  ['Expect', '100-continue'],
  ['Expect', 'nothing'],
  ['Accept-Encoding', 'gzip;q=x'],
  ['Connection', 'close'],
  ['Connection', 'Upgrade'],
  ['Upgrade', 'websocket'],
  ['X-Forwarded-For', '::::'],
  ['Host', 'a b'],
  ['X', 'y'.repeat(20_000)],
];

const METHODS = ['GET', 'POST', 'HEAD', 'PUT', 'OPTIONS', 'DELETE', 'TRACE', 'PROPFIND', 'CONNECT', 'get', ''];

/** Changes bytes in one place. `other` is another message's, to splice from. */
type Mutation = (bytes: Buffer, random: Random, other: Buffer) => Buffer;

const replace = (bytes: Buffer, at: number, removed: number, inserted: Uint8Array): Buffer =>
  Buffer.concat([bytes.subarray(0, at), inserted, bytes.subarray(at + removed)]);

const MUTATIONS: readonly Mutation[] = [
  function flipBit(bytes, random) {
    const at = random.below(bytes.length + 1);
    return replace(bytes, at, 1, Buffer.from([(bytes[at] ?? 0) ^ (1 << random.below(8))]));
  },
  function setByte(bytes, random) {
    return replace(bytes, random.below(bytes.length + 1), 1, Buffer.from([random.below(256)]));
  },
  function remove(bytes, random) {
    return replace(bytes, random.below(bytes.length + 1), random.length(bytes.length), Buffer.alloc(0));
  },
  function duplicate(bytes, random) {
    const at = random.below(bytes.length + 1);
    const piece = bytes.subarray(at, at + random.length(bytes.length));
    return replace(
      bytes,
      random.below(bytes.length + 1),
      0,
      Buffer.concat(Array<Buffer>(1 + random.length(20)).fill(piece)),
    );
  },
  function truncate(bytes, random) {
    return bytes.subarray(0, random.below(bytes.length + 1));
  },
  function splice(bytes, random, other) {
    return Buffer.concat([
      bytes.subarray(0, random.below(bytes.length + 1)),
      other.subarray(random.below(other.length + 1)),
    ]);
  },
  function insertPiece(bytes, random, other) {
    const from = random.below(other.length + 1);
    return replace(bytes, random.below(bytes.length + 1), 0, other.subarray(from, from + random.length(other.length)));
  },
  function insertToken(bytes, random) {
    return replace(bytes, random.below(bytes.length + 1), random.length(3), random.pick(TOKENS));
  },
];

function mutate(bytes: Buffer, random: Random, other: Buffer): Buffer {
  let mutated = bytes;
  for (let left = 1 + random.length(5); left > 0; left--) mutated = random.pick(MUTATIONS)(mutated, random, other);
  return mutated;
}

/** A request as it goes over the wire, in pieces that are sent one after the other. */
export type Pieces = readonly Buffer[];

/** Makes something of a message that resembles it: what its layers say of each other mostly stays right, so that all of them are reached. */
export function mutateMessage(message: Message, random: Random, other: Message): Pieces {
  const changed: Message = {
    ...message,
    method: random.oneIn(30) ? random.pick(METHODS) : message.method,
    target: random.oneIn(message.method === 'GET' ? 2 : 15)
      ? mutateTarget(message.target, random, other)
      : message.target,
    headers: random.oneIn(6) ? changeHeaders(message, random) : message.headers,
    body: random.oneIn(6) ? message.body : mutate(message.body, random, other.body),
  };
  const encoded = encodeBody(changed);
  const body = changed.coding && random.oneIn(4) ? mutate(encoded, random, encodeBody(other)) : encoded;
  const written = random.oneIn(5) ? chunked(changed, body, random) : writeMessage(changed, body);
  return cut(random.oneIn(8) ? mutate(written, random, writeMessage(other, encodeBody(other))) : written, random);
}

/** Still a request line, or there would be nothing to read in most of them. */
function mutateTarget(target: string, random: Random, other: Message): string {
  const mutated = mutate(Buffer.from(target), random, Buffer.from(other.target)).toString('latin1');
  return random.oneIn(10) ? mutated : mutated.replace(/[^!-~\u0080-\u00ff]/g, '');
}

function changeHeaders({ headers }: Message, random: Random): Message['headers'] {
  const changed = headers.filter(() => !random.oneIn(4));
  for (let left = random.length(3); left > 0; left--)
    changed.splice(random.below(changed.length + 1), 0, random.pick(HEADERS));
  return changed;
}

function chunked(message: Message, body: Buffer, random: Random): Buffer {
  const head = writeMessage(
    { ...message, headers: [...message.headers, ['Transfer-Encoding', 'chunked']] },
    Buffer.alloc(0),
  );
  const parts: Buffer[] = [Buffer.from(head.toString('latin1').replace('Content-Length: 0\r\n', ''), 'latin1')];
  for (const piece of cut(body, random)) {
    if (piece.length > 0) parts.push(Buffer.from(`${piece.length.toString(16)}\r\n`), piece, Buffer.from('\r\n'));
  }
  return Buffer.concat([...parts, Buffer.from(random.oneIn(30) ? '' : '0\r\n\r\n')]);
}

function cut(bytes: Buffer, random: Random): Buffer[] {
  const places = Array.from({ length: random.oneIn(2) ? 0 : random.length(8) }, () => random.below(bytes.length + 1));
  const cuts = [...places.sort((a, b) => a - b), bytes.length];
  return cuts.map((place, n) => bytes.subarray(cuts[n - 1] ?? 0, place));
}
