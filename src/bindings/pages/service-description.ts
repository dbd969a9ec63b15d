import type { Contract } from '../../contract/contract.js';
import { AddressTemplate, URL_MARK } from './address-template.js';

const COMMENT = /<!--[^]*?-->\s*/g;
const ADDRESS = /(<(?:soap|soap12|http):address location=")[^"]*"/g;

/** The WSDL as it is served: with the address of the request, and without the comments, which are for those who edit it. */
export function serviceDescription(contract: Contract): AddressTemplate {
  return new AddressTemplate(contract.wsdl.replace(COMMENT, '').replace(ADDRESS, `$1${URL_MARK}"`));
}
