import type { Contract } from '../../contract/contract.js';
import { escapeAttribute } from '../../contract/element-writer.js';
import { AddressTemplate, URL_MARK } from './address-template.js';

const SOAP = 'http://schemas.xmlsoap.org/disco/soap/';

/** What `?disco` answers: where the WSDL, the help page and the two SOAP ports are (WIRE: the address itself). */
export function discoveryDocument(contract: Contract): AddressTemplate {
  const namespace = escapeAttribute(contract.namespace);
  const name = contract.serviceName;
  return new AddressTemplate(`<?xml version="1.0" encoding="utf-8"?>
<discovery xmlns:xsd="http://www.w3.org/2001/XMLSchema" xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance" xmlns="http://schemas.xmlsoap.org/disco/">
  <contractRef ref="${URL_MARK}?wsdl" docRef="${URL_MARK}" xmlns="http://schemas.xmlsoap.org/disco/scl/" />
  <soap address="${URL_MARK}" xmlns:q1="${namespace}" binding="q1:${name}Soap" xmlns="${SOAP}" />
  <soap address="${URL_MARK}" xmlns:q2="${namespace}" binding="q2:${name}Soap12" xmlns="${SOAP}" />
</discovery>`);
}
