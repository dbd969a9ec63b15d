import express, { type Express, type NextFunction, type Request, type Response } from 'express';
import type { Contract } from '../contract/contract.js';
import type { HttpBinding } from './http/http-binding.js';
import { errorPage } from './pages/error-page.js';
import { PAGE_HEADERS } from './pages/page-layout.js';
import { pageRoutes } from './pages/page-routes.js';
import { SERVICE_PATH } from './pages/public-address.js';
import type { SoapBinding } from './soap/soap-binding.js';

export interface ApplicationOptions {
  readonly contract: Contract;
  readonly soap: SoapBinding;
  readonly http: HttpBinding;
  readonly trustProxy: boolean;
  /** Told of errors that are the server's. */
  readonly report: (error: unknown) => void;
}

/** What the service's address and an operation's address answer to. */
const SERVICE_METHODS = 'GET, HEAD, POST, OPTIONS';

/** ASP.NET's addresses for scripts, which this service is not open to. */
const SCRIPT_PATHS: ReadonlySet<string> = new Set(['js', 'jsdebug']);

/** Behind `/srv.asmx/`: everything, slashes too. The address is matched without regard to case, names of operations are not. */
const OPERATION_PATH = /^\/srv\.asmx\/(.*)$/is;

/** The ways in: which binding a request is for. */
export function createApplication(options: ApplicationOptions): Express {
  const { contract, http, report, soap, trustProxy } = options;
  const application = express();
  application.disable('x-powered-by');
  application.disable('etag');
  application.set('query parser', false);

  /* First what runs most. */
  application.post(SERVICE_PATH, (request, response, next) => {
    if (request.path.endsWith('/')) return next();
    return soap.serve(request, response);
  });
  application.use((request, response, next) => serveOperation(http, request, response, next));
  application.get('/healthz', (_request, response) => void response.type('text/plain').send('ok\n'));
  application.use(pageRoutes(contract, { trustProxy }));
  application.all(SERVICE_PATH, (request, response) =>
    refuseMethod(request, response, 'Request format is unrecognized.'),
  );
  application.use((_request, response) => sendPage(response, 404, 'There is nothing at this address.'));
  application.use((error: unknown, _request: Request, response: Response, next: NextFunction) => {
    report(error);
    if (response.headersSent) return next(error);
    sendPage(response, 500, 'The server could not answer the request.');
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
  const encoded = OPERATION_PATH.exec(request.path)?.[1];
  if (encoded === undefined) return next();
  const name = decodePath(encoded);
  const isServed = request.method === 'GET' || request.method === 'HEAD' || request.method === 'POST';
  if (isServed && name !== '' && !SCRIPT_PATHS.has(name)) return http.serve(request, response, name);
  const text =
    name === ''
      ? 'Request format is unrecognized.'
      : `Request format is unrecognized for URL unexpectedly ending in '/${name}'.`;
  refuseMethod(request, response, text);
}

/** OPTIONS is answered; any other method, or address, is refused as ASMX does: at an operation's address by 500. */
function refuseMethod(request: Request, response: Response, text: string): void {
  response.set('Allow', SERVICE_METHODS);
  if (request.method === 'OPTIONS') {
    response.status(204).end();
    return;
  }
  sendPage(response, OPERATION_PATH.test(request.path) ? 500 : 405, text);
}

function sendPage(response: Response, status: number, text: string): void {
  response
    .status(status)
    .set(PAGE_HEADERS)
    .set('Content-Type', 'text/html; charset=utf-8')
    .set('Cache-Control', 'private')
    .set('X-Content-Type-Options', 'nosniff')
    .send(errorPage(text));
}

function decodePath(encoded: string): string {
  try {
    return decodeURIComponent(encoded);
  } catch {
    return encoded;
  }
}
