import net from 'node:net';

/** A request as it goes over the wire. Host and Content-Length are added, everything else is sent as it stands here. */
export interface WireRequest {
  readonly method: string;
  /** The request target: path and query, not escaped any further. */
  readonly target: string;
  /** @default '1.1' */
  readonly version?: '1.0' | '1.1';
  /** In order, spelled as the client spells them. */
  readonly headers: readonly Header[];
  readonly body?: Buffer;
  /** Sends the body in chunked coding, in chunks and TCP segments that end anywhere. */
  readonly isChunked?: boolean;
  /** Sends the body only when the server has answered `100 Continue`. */
  readonly waitsForContinue?: boolean;
}

export type Header = readonly [name: string, value: string];

/** What came back. */
export interface WireAnswer {
  readonly status: number;
  /** By their names in lower case. */
  readonly headers: ReadonlyMap<string, string>;
  readonly body: Buffer;
}

/** Bytes in a chunk, and bytes handed to the socket at a time: no divisors of each other, so that cuts fall everywhere. */
const CHUNK = 11;
const SEGMENT = 7;

/** Carries out one exchange on a connection of its own, without an HTTP library that would smooth the request. */
export async function exchange(port: number, request: WireRequest): Promise<WireAnswer> {
  const socket = net.connect({ host: '127.0.0.1', port, noDelay: true });
  const incoming = new Incoming(socket);
  try {
    await write(socket, Buffer.from(writeHead(request, port), 'latin1'));
    if (request.waitsForContinue) {
      const interim = await incoming.head();
      if (interim.status !== 100) throw new Error(`The server answered ${interim.status} instead of 100.`);
    }
    if (request.body) await writeBody(socket, request.body, request.isChunked ?? false);
    return await readAnswer(incoming, request.method);
  } finally {
    socket.destroy();
  }
}

function writeHead({ body, headers, isChunked, method, target, version = '1.1' }: WireRequest, port: number): string {
  const given = new Set(headers.map(([name]) => name.toLowerCase()));
  const added: Header[] = [];
  if (!given.has('host')) added.push(['Host', `127.0.0.1:${port}`]);
  if (isChunked) added.push(['Transfer-Encoding', 'chunked']);
  else if (body) added.push(['Content-Length', String(body.length)]);
  const lines = [...added, ...headers].map(([name, value]) => `${name}: ${value}\r\n`);
  return `${method} ${target} HTTP/${version}\r\n${lines.join('')}\r\n`;
}

async function writeBody(socket: net.Socket, body: Buffer, isChunked: boolean): Promise<void> {
  if (!isChunked) return write(socket, body);
  const coded = chunk(body);
  for (let start = 0; start < coded.length; start += SEGMENT) {
    await write(socket, coded.subarray(start, start + SEGMENT));
  }
}

/** RFC 9112, 7.1. */
function chunk(body: Buffer): Buffer {
  const parts: Buffer[] = [];
  for (let start = 0; start < body.length; start += CHUNK) {
    const piece = body.subarray(start, start + CHUNK);
    parts.push(Buffer.from(`${piece.length.toString(16)}\r\n`), piece, Buffer.from('\r\n'));
  }
  return Buffer.concat([...parts, Buffer.from('0\r\n\r\n')]);
}

function write(socket: net.Socket, bytes: Buffer): Promise<void> {
  return new Promise((resolve, reject) => {
    socket.write(bytes, (error) => (error ? reject(error) : resolve()));
  });
}

async function readAnswer(incoming: Incoming, method: string): Promise<WireAnswer> {
  const { headers, status } = await incoming.head();
  return { status, headers, body: await readBody(incoming, method, status, headers) };
}

/** RFC 9112, 6.3. */
function readBody(incoming: Incoming, method: string, status: number, headers: WireAnswer['headers']): Promise<Buffer> {
  if (method === 'HEAD' || status === 204) return Promise.resolve(Buffer.alloc(0));
  if (headers.get('transfer-encoding') === 'chunked') return incoming.chunked();
  const length = headers.get('content-length');
  return length === undefined ? incoming.rest() : incoming.bytes(Number(length));
}

/** What arrives on a connection, taken off piece by piece. */
class Incoming {
  readonly #pieces: AsyncIterator<Buffer, undefined>;
  #buffer = Buffer.alloc(0);

  constructor(socket: net.Socket) {
    this.#pieces = socket[Symbol.asyncIterator]() as AsyncIterator<Buffer, undefined>;
  }

  async head(): Promise<{ status: number; headers: ReadonlyMap<string, string> }> {
    const [start = '', ...fields] = (await this.#until('\r\n\r\n')).split('\r\n');
    const headers = new Map<string, string>();
    for (const field of fields) {
      const colon = field.indexOf(':');
      headers.set(field.slice(0, colon).toLowerCase(), field.slice(colon + 1).trim());
    }
    return { status: Number(start.split(' ')[1]), headers };
  }

  async chunked(): Promise<Buffer> {
    const parts: Buffer[] = [];
    for (;;) {
      const length = Number.parseInt(await this.#until('\r\n'), 16);
      parts.push(await this.bytes(length));
      await this.#until('\r\n');
      if (length === 0) return Buffer.concat(parts);
    }
  }

  async bytes(length: number): Promise<Buffer> {
    while (this.#buffer.length < length) await this.#more();
    return this.#take(length);
  }

  async rest(): Promise<Buffer> {
    while (await this.#next());
    return this.#take(this.#buffer.length);
  }

  async #until(mark: string): Promise<string> {
    for (;;) {
      const end = this.#buffer.indexOf(mark);
      if (end !== -1) return this.#take(end + mark.length).toString('latin1', 0, end);
      await this.#more();
    }
  }

  async #more(): Promise<void> {
    if (!(await this.#next())) throw new Error('The connection ended before the answer did.');
  }

  async #next(): Promise<boolean> {
    const { value } = await this.#pieces.next();
    if (value === undefined) return false;
    this.#buffer = Buffer.concat([this.#buffer, value]);
    return true;
  }

  #take(length: number): Buffer {
    const taken = this.#buffer.subarray(0, length);
    this.#buffer = this.#buffer.subarray(length);
    return taken;
  }
}
