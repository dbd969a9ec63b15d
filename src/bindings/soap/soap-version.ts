/** A version of SOAP, and how it is told on the wire (WIRE.md, Whole messages). */
export interface SoapVersion {
  readonly name: '1.1' | '1.2';
  /** The namespace of its envelope. */
  readonly namespace: string;
  /** The Content-Type of its answers. */
  readonly contentType: string;
}

export const SOAP_11: SoapVersion = {
  name: '1.1',
  namespace: 'http://schemas.xmlsoap.org/soap/envelope/',
  contentType: 'text/xml; charset=utf-8',
};

export const SOAP_12: SoapVersion = {
  name: '1.2',
  namespace: 'http://www.w3.org/2003/05/soap-envelope',
  contentType: 'application/soap+xml; charset=utf-8',
};

export const XSI_NAMESPACE = 'http://www.w3.org/2001/XMLSchema-instance';

/** What every envelope declares besides its own namespace, in ASMX's order (WIRE.md, Whole messages). */
export const ENVELOPE_NAMESPACES = `xmlns:xsi="${XSI_NAMESPACE}" xmlns:xsd="http://www.w3.org/2001/XMLSchema"`;

export function findSoapVersion(namespace: string): SoapVersion | undefined {
  return [SOAP_11, SOAP_12].find((version) => version.namespace === namespace);
}
