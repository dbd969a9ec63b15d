import type { Contract, OperationContract } from '../../contract/contract.js';
import type { ContentType } from '../content-type.js';
import { UNKNOWN_OPERATION } from '../outcome.js';
import { SoapFault } from './soap-fault.js';

/** How the operation of a message is chosen: by the HTTP headers, or by the first element of its body. */
export type OperationChoice =
  | { readonly by: 'action'; readonly operation: OperationContract }
  | { readonly by: 'element'; readonly orElse: SoapFault }
  | { readonly by: 'nothing'; readonly fault: SoapFault };

/**
 * Chooses by the headers (WIRE.md, Which SOAP). With a SOAPAction header, and a type other than application/soap+xml, that
 * alone decides. Otherwise the action parameter of the Content-Type does when it names an operation, and the body's element when not.
 */
export function chooseOperation(
  contract: Contract,
  contentType: ContentType,
  soapAction: string | undefined,
): OperationChoice {
  if (soapAction !== undefined && contentType.type !== 'application/soap+xml') {
    const action = readAction(soapAction);
    const operation = contract.findByAction(action);
    if (operation) return { by: 'action', operation };
    const text = `Server did not recognize the value of HTTP Header SOAPAction: ${action}.`;
    return { by: 'nothing', fault: new SoapFault('Client', text, { summary: UNKNOWN_OPERATION }) };
  }
  const action = contentType.parameters.get('action') ?? '';
  const operation = contract.findByAction(action);
  if (operation) return { by: 'action', operation };
  return { by: 'element', orElse: new SoapFault('Client', withoutOperation(action), { summary: UNKNOWN_OPERATION }) };
}

function withoutOperation(action: string): string {
  if (action !== '') return `Unable to handle request. The action '${action}' was not recognized.`;
  return 'Unable to handle request without a valid action parameter. Please supply a valid soap action.';
}

/** As toolkits write it. Anything else in the header, escapes above all, is looked at more closely. */
const PLAIN = /^"?([\w:/.#-]*)"?$/;

/** The header's value without its double quotes, which are optional, and URL-decoded. */
function readAction(header: string): string {
  const plain = PLAIN.exec(header)?.[1];
  if (plain !== undefined && header.startsWith('"') === header.endsWith('"') && header !== '"') return plain;
  const trimmed = header.trim();
  const action = /^"(.*)"$/s.exec(trimmed)?.[1] ?? trimmed;
  try {
    return decodeURIComponent(action);
  } catch {
    return action;
  }
}
