import { type Request, type Response, Router } from 'express';
import type { Contract } from '../../contract/contract.js';
import type { Call } from '../../operations/operation.js';
import { callerAddress } from '../caller.js';
import { compressText } from '../compress-text.js';
import type { TextBudget } from '../payload/text-budget.js';
import { ReceivedCall } from '../received-call.js';
import { discoveryDocument } from './discovery-document.js';
import { helpPage, unknownOperationPage } from './help-page.js';
import { operationPage } from './operation-page.js';
import { PAGE_HEADERS } from './page-layout.js';
import { readPageQuery } from './page-query.js';
import { type PublicAddress, readPublicAddress, SERVICE_PATH } from './public-address.js';
import { serviceDescription } from './service-description.js';

export interface PageOptions {
  /**
   * Whether `X-Forwarded-Proto`, `X-Forwarded-Host` and `X-Forwarded-Prefix` are a proxy's word for the address callers use.
   * Never true for a server that callers reach directly: they could then say what address others are told.
   *
   * @default false
   */
  readonly trustProxy?: boolean;
  /** Of all answers: pages are long, and a caller may take as long as it likes to take one. */
  readonly texts: TextBudget;
}

/** An answer before the headers that all pages share. */
interface Answer {
  readonly status: number;
  readonly type: 'text/html' | 'text/xml' | 'text/plain';
  readonly body: string;
}

/**
 * Answers GET and HEAD at the service's own address: the help page, the pages of the operations (`?op=`), the WSDL (`?wsdl`)
 * and the discovery document (`?disco`). Nothing else is touched: other methods and paths go on to the next handler.
 * To be mounted at the root.
 */
export function pageRoutes(contract: Contract, { texts, trustProxy = false }: PageOptions): Router {
  const answer = preparePages(contract);
  const router = Router({ strict: true });
  router.get(SERVICE_PATH, (request, response) => {
    const address = readPublicAddress(request, trustProxy);
    const call = new ReceivedCall(request, callerAddress(request, trustProxy), texts);
    const account = texts.open(call, () => request.socket.destroy());
    response.once('close', () => account.release());
    const page = address === undefined ? BAD_HOST : answer(request, address);
    account.take(Buffer.byteLength(page.body));
    return send(response, page, call);
  });
  return router;
}

const BAD_HOST: Answer = { status: 400, type: 'text/plain', body: 'The Host header does not name a host.\n' };
/* The texts of ASMX (WIRE: the address itself). The contract is one document, without parts that could be asked for. */
const NO_DESCRIPTION: Answer = {
  status: 500,
  type: 'text/plain',
  body: 'XML Web service description was not found.\n',
};
const NO_SCHEMA: Answer = { status: 500, type: 'text/plain', body: 'Schema not found.\n' };

function preparePages(contract: Contract): (request: Request, address: PublicAddress) => Answer {
  const description = serviceDescription(contract);
  const discovery = discoveryDocument(contract);
  const help = helpPage(contract);
  const operations = new Map(
    [...contract.operations.values()].map((operation) => [operation.name, operationPage(contract, operation)]),
  );

  return (request, address) => {
    const { bare, named } = readPageQuery(request.url);
    if (named.has('schema')) return NO_SCHEMA;
    if (named.has('wsdl')) return NO_DESCRIPTION;
    if (bare.toLowerCase() === 'wsdl') return { status: 200, type: 'text/xml', body: description.fill(address) };
    if (bare.toLowerCase() === 'disco') return { status: 200, type: 'text/xml', body: discovery.fill(address) };
    const name = named.get('op');
    if (name === undefined) return { status: 200, type: 'text/html', body: help };
    const operation = operations.get(name);
    if (operation !== undefined) return { status: 200, type: 'text/html', body: operation.fill(address) };
    return { status: 404, type: 'text/html', body: unknownOperationPage(contract, name) };
  };
}

async function send(response: Response, { status, type, body }: Answer, caller: Call): Promise<void> {
  const text = await compressText(response, body, caller);
  if (text === undefined) return;
  if (type === 'text/html') response.set(PAGE_HEADERS);
  response
    .status(status)
    .set('Content-Type', `${type}; charset=utf-8`)
    .set('Cache-Control', status === 500 ? 'private' : 'private, max-age=0')
    .send(text);
}
