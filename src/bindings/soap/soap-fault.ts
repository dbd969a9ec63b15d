import { escapeText } from '../../contract/element-writer.js';
import { ENVELOPE_NAMESPACES, SOAP_11, SOAP_12, type SoapVersion } from './soap-version.js';

/** Whose fault it is, in SOAP 1.1's words. SOAP 1.2 says Sender for Client and Receiver for Server. */
type FaultCode = 'Client' | 'Server' | 'MustUnderstand' | 'VersionMismatch';

const CODES_12: Readonly<Record<FaultCode, string>> = {
  Client: 'Sender',
  Server: 'Receiver',
  MustUnderstand: 'MustUnderstand',
  VersionMismatch: 'VersionMismatch',
};

/** What the log says of a fault that does not say it itself. */
const SUMMARIES: Readonly<Record<FaultCode, string>> = {
  Client: 'unreadable message',
  Server: 'SystemError',
  MustUnderstand: 'SOAP header that is not understood',
  VersionMismatch: 'SOAP of another version',
};

export interface FaultOptions {
  /** HTTP status. @default 500, as ASMX's is for nearly all */
  readonly status?: number;
  /** What the log says: nothing that the caller wrote. @default what the code says */
  readonly summary?: string;
}

/** A message that cannot be served, answered by a soap:Fault. */
export class SoapFault extends Error {
  override readonly name = 'SoapFault';
  readonly code: FaultCode;
  /** HTTP status. */
  readonly status: number;
  /** What the log says: nothing that the caller wrote. */
  readonly summary: string;

  constructor(code: FaultCode, text: string, { status = 500, summary = SUMMARIES[code] }: FaultOptions = {}) {
    super(text);
    this.code = code;
    this.status = status;
    this.summary = summary;
  }

  /** The message cannot be read. */
  static unreadable(reason: string, options?: FaultOptions): SoapFault {
    return new SoapFault('Client', `Server was unable to read request. ---> ${reason}`, options);
  }

  static versionMismatch(namespace: string): SoapFault {
    return new SoapFault(
      'VersionMismatch',
      `Possible SOAP version mismatch: Envelope namespace ${namespace} was unexpected. Expecting ${SOAP_11.namespace}.`,
    );
  }
}

/** With a version mismatch goes a header that names the versions that are spoken, preferred first (SOAP 1.2, 5.4.7). */
const UPGRADE_HEADER =
  `<soap:Header><soap12:Upgrade xmlns:soap12="${SOAP_12.namespace}">` +
  `<soap12:SupportedEnvelope qname="soap:Envelope" xmlns:soap="${SOAP_11.namespace}" />` +
  `<soap12:SupportedEnvelope qname="soap12:Envelope" /></soap12:Upgrade></soap:Header>`;

/** Writes the whole message of a fault as ASMX lays it out (WIRE.md, Whole messages). */
export function writeFault(fault: SoapFault, version: SoapVersion): string {
  const header = fault.code === 'VersionMismatch' ? UPGRADE_HEADER : '';
  const body = version === SOAP_11 ? fault11(fault) : fault12(fault);
  return (
    `<?xml version="1.0" encoding="utf-8"?><soap:Envelope xmlns:soap="${version.namespace}" ${ENVELOPE_NAMESPACES}>` +
    `${header}<soap:Body><soap:Fault>${body}</soap:Fault></soap:Body></soap:Envelope>`
  );
}

function fault11(fault: SoapFault): string {
  const detail = hasDetail(fault) ? '<detail />' : '';
  return `<faultcode>soap:${fault.code}</faultcode><faultstring>${escapeText(fault.message)}</faultstring>${detail}`;
}

function fault12(fault: SoapFault): string {
  const detail = hasDetail(fault) ? '<soap:Detail />' : '';
  return (
    `<soap:Code><soap:Value>soap:${CODES_12[fault.code]}</soap:Value></soap:Code>` +
    `<soap:Reason><soap:Text xml:lang="en">${escapeText(fault.message)}</soap:Text></soap:Reason>${detail}`
  );
}

/** SOAP 1.1 forbids the detail when it was not the body that went wrong. */
function hasDetail(fault: SoapFault): boolean {
  return fault.code !== 'MustUnderstand';
}
