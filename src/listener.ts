import fs from 'node:fs';
import http, { type RequestListener } from 'node:http';
import https from 'node:https';
import type { Socket } from 'node:net';
import type { Application } from './bindings/application.js';
import type { HeadCounter } from './bindings/head-counter.js';
import { Connections } from './connections.js';
import { type ConnectionState, RequestsInTurn } from './requests-in-turn.js';
import { SettingError, type SettingName } from './settings.js';

export interface ListenerOptions {
  /** The longest request line, bytes: longer ones are answered 414. */
  readonly maxRequestLine: number;
  /** How long a connection may stay silent, within a body or between two requests, and how long the head of a request may take in all, ms. */
  readonly idleLimit: number;
  /** How many connections there may be at a time; what comes beyond is closed at once. */
  readonly maxConnections: number;
  /** For TLS; without it the server speaks plain HTTP. */
  readonly certificate: Certificate | undefined;
}

/** A certificate (with its chain) and its key, PEM; and what holds wherever they are used. */
export interface Certificate {
  readonly cert: Buffer;
  readonly key: Buffer;
  readonly minVersion: 'TLSv1.2';
}

/** Room for header fields beside the request line, bytes. */
const HEADER_ROOM = 32 * 1024;

/** How long a connection that was refused stays open, so that the caller gets to see why, ms. */
const LINGER_MS = 2_000;

/** How long a stop waits for a caller who has not asked for anything yet, ms. */
const STOP_HEAD_MS = 2_000;

/** How long a stop waits for what runs, ms. */
const STOP_LIMIT_MS = 30_000;

/** How long a caller may take to shake hands for TLS, ms, when the limit for being silent is not shorter. */
const HANDSHAKE_LIMIT_MS = 10_000;

/** What a listener serves. */
export interface Served {
  readonly serve: RequestListener;
  /** Counts the heads of its requests. */
  readonly heads: HeadCounter;
}

/** An HTTP server with its connections: on each, one request after the other is served. */
export class Listener {
  readonly #server: http.Server | https.Server;
  readonly #connections: Connections;
  readonly #requests: RequestsInTurn;

  /** @param maxConnections - Connections at a time; what comes beyond is closed at once. */
  constructor(server: http.Server | https.Server, { heads, serve }: Served, maxConnections = Infinity) {
    this.#server = server;
    this.#connections = new Connections(server, maxConnections);
    this.#requests = new RequestsInTurn(serve, heads, () => !server.listening);
    server.on('request', (request, response) => this.#requests.take({ request, response }));
    /* An expectation nobody knows may be left unmet (RFC 9110, 10.1.1). */
    server.on('checkExpectation', (request, response) => this.#requests.take({ request, response }));
    server.on('clientError', (error: ParserError, duplex: unknown) => this.#complain(error, duplex as Socket));
    /* Node would close connections at a stop whose answer it has been given and has not sent yet. */
    server.closeIdleConnections = () => undefined;
  }

  #complain(error: ParserError, socket: Socket): void {
    if (!socket.writable || error.code === 'ECONNRESET' || !this.#requests.mayInterrupt(socket)) socket.destroy();
    else refuse(error, socket);
  }

  /** Starts listening; fulfilled with the port. */
  listen(host: string, port: number): Promise<number> {
    const server = this.#server;
    return new Promise((resolve, reject) => {
      server.once('error', reject);
      server.listen(port, host, () => {
        server.off('error', reject);
        const address = server.address();
        resolve(typeof address === 'object' && address ? address.port : port);
      });
    });
  }

  /** Has another certificate for connections to come. A server without TLS needs none. */
  useCertificate(certificate: Certificate): void {
    if ('setSecureContext' in this.#server) this.#server.setSecureContext(certificate);
  }

  /** Takes no new work, and waits until what runs has been finished; what takes too long is cut off. */
  stop(): Promise<void> {
    return new Promise((resolve) => {
      const close = (...states: ConnectionState[]): void =>
        this.#connections.closeWhere((connection) => states.includes(this.#requests.stateOf(connection)));
      const cutNew = setInterval(() => close('new', 'idle'), STOP_HEAD_MS);
      const cutAll = setTimeout(() => this.#connections.closeAll(), STOP_LIMIT_MS);
      this.#server.close(() => {
        clearInterval(cutNew);
        clearTimeout(cutAll);
        resolve();
      });
      close('idle');
      this.#connections.closeSilent();
    });
  }
}

/** Makes the HTTP server around the application. It has limits for everything a caller can make last, or make long. */
export function createListener(application: Application, options: ListenerOptions): Listener {
  const common = {
    ...application.messages,
    maxHeaderSize: options.maxRequestLine + HEADER_ROOM,
    /* A chunk takes as long as it takes; the bindings watch that it goes on. */
    requestTimeout: 0,
    /* Node would answer by itself, at once, however many other answers wait; the application does, in turn. */
    requireHostHeader: false,
    headersTimeout: options.idleLimit,
    keepAliveTimeout: options.idleLimit,
  };
  const server = options.certificate
    ? https.createServer({
        ...common,
        ...options.certificate,
        handshakeTimeout: Math.min(HANDSHAKE_LIMIT_MS, options.idleLimit),
      })
    : http.createServer(common);
  return new Listener(server, application, options.maxConnections);
}

/** Reads certificate and key where the settings say they are; undefined when they say nothing. @throws SettingError when they cannot be read. */
export function readCertificate(settings: {
  readonly tlsCertificate: string | undefined;
  readonly tlsKey: string | undefined;
}): Certificate | undefined {
  const { tlsCertificate, tlsKey } = settings;
  if (tlsCertificate === undefined && tlsKey === undefined) return undefined;
  if (tlsCertificate === undefined || tlsKey === undefined) {
    throw new SettingError('The settings tlsCertificate and tlsKey must be set together.');
  }
  return {
    cert: readPem('tlsCertificate', tlsCertificate),
    key: readPem('tlsKey', tlsKey),
    minVersion: 'TLSv1.2',
  };
}

function readPem(name: SettingName, file: string): Buffer {
  try {
    return fs.readFileSync(file);
  } catch (error) {
    throw new SettingError(`Setting ${name}: the file cannot be read.`, { cause: error });
  }
}

/** What Node's HTTP parser tells of what it gave up on. */
interface ParserError extends Error {
  readonly code?: string;
  readonly rawPacket?: Buffer;
  readonly bytesParsed?: number;
}

/** Answers what the parser gave up on: there is no request yet that could be answered. */
function refuse(error: ParserError, socket: Socket): void {
  const [status, text] = describe(error);
  const body = `${text}\n`;
  socket.end(
    `HTTP/1.1 ${status}\r\nContent-Type: text/plain; charset=utf-8\r\nContent-Length: ${body.length}\r\nConnection: close\r\n\r\n${body}`,
  );
  /* A caller that does not close its end would keep the connection for ever: nobody else watches it any more. */
  const cut = setTimeout(() => socket.destroy(), LINGER_MS);
  socket.once('close', () => clearTimeout(cut));
}

function describe(error: ParserError): [status: string, text: string] {
  switch (error.code) {
    case 'HPE_HEADER_OVERFLOW':
      return isRequestLine(error)
        ? ['414 URI Too Long', 'The request line is too long. Send content with POST.']
        : ['431 Request Header Fields Too Large', 'The header fields are too long.'];
    case 'ERR_HTTP_REQUEST_TIMEOUT':
      return ['408 Request Timeout', 'The request did not arrive in time.'];
    default:
      return ['400 Bad Request', 'This is not an HTTP request.'];
  }
}

/** Whether the parser was still in the request line: no line has ended in what it was given last. */
function isRequestLine({ bytesParsed, rawPacket }: ParserError): boolean {
  return rawPacket?.subarray(0, bytesParsed).includes('\r\n') === false;
}
