import type { IncomingMessage, RequestListener, ServerResponse } from 'node:http';
import { TLSSocket } from 'node:tls';
import express, { type Express, type NextFunction, type Request, type Response, type Router } from 'express';
import type { Contract } from '../contract/contract.js';
import { expressMessages, type MessageClasses } from './express-messages.js';
import { HeadCounter } from './head-counter.js';
import type { HttpBinding } from './http/http-binding.js';
import { errorPage } from './pages/error-page.js';
import { PAGE_HEADERS } from './pages/page-layout.js';
import { pageRoutes } from './pages/page-routes.js';
import { SERVICE_PATH } from './pages/public-address.js';
import type { TextBudget } from './payload/text-budget.js';
import { drain } from './request-body.js';
import type { SoapBinding } from './soap/soap-binding.js';

export interface ApplicationOptions {
  readonly contract: Contract;
  readonly soap: SoapBinding;
  readonly http: HttpBinding;
  readonly trustProxy: boolean;
  /** Of all calls. */
  readonly texts: TextBudget;
  /** How long to wait for the next bytes of a request, or for the caller to take some of an answer, ms. */
  readonly idleLimit: number;
  /** Told of errors that are the server's. */
  readonly report: (error: unknown) => void;
  /** What answers those who watch the server. */
  readonly status?: Router;
}

/** What an HTTP server is built around. */
export interface Application {
  readonly serve: RequestListener;
  /** What the requests and responses it is given are made of. */
  readonly messages: MessageClasses;
  readonly heads: HeadCounter;
}

/** What the service's address and an operation's address answer to. */
const SERVICE_METHODS = 'GET, HEAD, POST, OPTIONS';

/** ASP.NET's addresses for scripts, which this service is not open to. */
const SCRIPT_PATHS: ReadonlySet<string> = new Set(['js', 'jsdebug']);

/** Behind `/srv.asmx/`: everything, slashes too. The address is matched without regard to case, names of operations are not. */
const OPERATION_PATH = /^\/srv\.asmx\/(.*)$/is;

/** The address of the service itself, with whatever query; behind a host where a request has one there (RFC 9112, 3.2.2). */
const SERVICE_URL = /^(?:https?:\/\/[^/?#]*)?\/srv\.asmx(?:\?|$)/i;

/**
 * The ways in: which binding a request is for. SOAP, which has one address and one method, goes straight to its binding: a router could
 * only add to what a call costs. All else is routed by Express.
 */
export function createApplication(options: ApplicationOptions): Application {
  const others = routeOthers(options);
  const serve: RequestListener = (request, response) => {
    /* What is sent is what its Content-Type says: no browser shall take the text of an answer for a page. */
    response.setHeader('X-Content-Type-Options', 'nosniff');
    /* Whoever came over TLS shall not be led to come without it (RFC 6797). */
    if (request.socket instanceof TLSSocket) response.setHeader('Strict-Transport-Security', 'max-age=31536000');
    const { method, url = '' } = request;
    if (isHostMissing(request)) refuse(response, 'The request does not say which host it is for.');
    else if (!isTarget(url)) refuse(response, 'The request is for what is no URL.');
    else if (method === 'POST' && SERVICE_URL.test(url)) void options.soap.serve(request, response);
    else others(request, response);
  };
  return { serve, messages: expressMessages(others), heads: new HeadCounter(options) };
}

/** Whether it is what a request may be for (RFC 9112, 3.2). Express would have Node parse a URL that is none, which Node warns of (DEP0170). */
function isTarget(url: string): boolean {
  return url.startsWith('/') || url === '*' || URL.canParse(url);
}

/** Whether it lacks what a request of its version must have (RFC 9112, 3.2). */
function isHostMissing({ headers, httpVersion }: IncomingMessage): boolean {
  return headers.host === undefined && httpVersion === '1.1';
}

function refuse(response: ServerResponse, why: string): void {
  response.writeHead(400, { 'Content-Type': 'text/plain; charset=utf-8', Connection: 'close' });
  response.end(`${why}\n`);
}

function routeOthers({ contract, http, idleLimit, report, status, texts, trustProxy }: ApplicationOptions): Express {
  const application = express();
  application.disable('x-powered-by');
  application.disable('etag');
  application.set('query parser', false);

  application.use((request, response, next) => serveOperation(http, request, response, next));
  application.use((request, response, next) => limitPage(idleLimit, request, response, next));
  application.use(answerNoOperation);
  if (status) application.use(status);
  /* Before the pages: their router would answer with the methods it has itself. */
  application.options(SERVICE_PATH, (_request, response) => answerOptions(response));
  application.use(pageRoutes(contract, { texts, trustProxy }));
  application.all(SERVICE_PATH, (_request, response) => {
    response.set('Allow', SERVICE_METHODS);
    sendPage(response, 405, 'Request format is unrecognized.');
  });
  /* Browsers ask for it by themselves where they show XML. That there is none is nothing to complain of. */
  application.get('/favicon.ico', (_request, response) => void response.status(204).end());
  application.use((_request, response) => sendPage(response, 404, 'There is nothing at this address.', 'Error 404'));
  // eslint-disable-next-line @typescript-eslint/no-unused-vars -- Express knows what takes errors by its four parameters
  application.use((error: unknown, _request: Request, response: Response, _next: NextFunction) => {
    report(error);
    /* Express itself would write the stack to the standard error. */
    if (response.headersSent) response.destroy();
    else sendPage(response, 500, 'The server could not answer the request.');
  });
  return application;
}

/** A request to `/srv.asmx/…`. */
async function serveOperation(
  http: HttpBinding,
  request: Request,
  response: Response,
  next: NextFunction,
): Promise<void> {
  const name = operationName(request);
  const isServed = request.method === 'GET' || request.method === 'HEAD' || request.method === 'POST';
  if (name && isServed && !SCRIPT_PATHS.has(name)) await http.serve(request, response, name);
  else next();
}

/** Pages have limits too: for a body that nobody reads, and for a caller who does not take what he asked for. */
async function limitPage(idleLimit: number, request: Request, response: Response, next: NextFunction): Promise<void> {
  if (!(await drain(request, idleLimit))) response.setHeader('Connection', 'close');
  response.setTimeout(idleLimit, () => response.destroy());
  next();
}

/** What looks like a request to an operation, and is none. */
function answerNoOperation(request: Request, response: Response, next: NextFunction): void {
  const name = operationName(request);
  if (name === undefined) {
    next();
    return;
  }
  if (request.method === 'OPTIONS') {
    answerOptions(response);
    return;
  }
  response.set('Allow', SERVICE_METHODS);
  sendPage(response, 500, `Request format is unrecognized for URL unexpectedly ending in '/${name}'.`);
}

/** What stands behind `/srv.asmx/`, decoded. */
function operationName(request: Request): string | undefined {
  const encoded = OPERATION_PATH.exec(request.path)?.[1];
  return encoded === undefined ? undefined : decodePath(encoded);
}

function answerOptions(response: Response): void {
  response.status(204).set('Allow', SERVICE_METHODS).end();
}

/** @param title - What ASP.NET titles the page. */
function sendPage(response: Response, status: number, text: string, title = 'Runtime Error'): void {
  response
    .status(status)
    .set(PAGE_HEADERS)
    .set('Content-Type', 'text/html; charset=utf-8')
    .set('Cache-Control', 'private')
    .send(errorPage(title, text));
}

function decodePath(encoded: string): string {
  try {
    return decodeURIComponent(encoded);
  } catch {
    return encoded;
  }
}
