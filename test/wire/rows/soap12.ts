import { empty, fault12, mtomAnswer, notUnderstood, soap12 as answer, soapNull } from '../answers.js';
import type { WireRequest } from '../exchange.js';
import {
  call,
  ECHO_ACTION,
  echo,
  echoBytes,
  envelope12,
  INCLUDE,
  message,
  mtom,
  soap12,
  TEXT_XML,
} from '../requests.js';
import { BUSINESS_FAILURES, EXPLAINED, MTOM } from '../reasons.js';
import type { Section } from '../row.js';

const ECHOED = answer('Echo', '<root text="[x]" number="7" flag="True" xmlns="" />');
const OK = envelope12(echo());
const NOPE = envelope12('<Nope xmlns="http://tempuri.org/"/>');
const TYPE = 'application/soap+xml; charset=utf-8';

/** An envelope with this Content-Type. */
function typed(type: string, envelope = OK): WireRequest {
  return message([['Content-Type', type]], envelope);
}

export const soap12Section: Section = {
  title: 'SOAP 1.2',
  introduction:
    'The same with a SOAP 1.2 envelope and `Content-Type: application/soap+xml; charset=utf-8; ' +
    'action="http://tempuri.org/<Op>"`.',
  service: 'probe',
  rows: [
    { name: 'ok, action in the Content-Type', request: soap12(OK), asmx: ECHOED },
    { name: 'no action', request: typed(TYPE), asmx: ECHOED },
    {
      name: 'no action, SOAPAction header instead',
      request: message([['Content-Type', TYPE], ECHO_ACTION], OK),
      asmx: ECHOED,
    },
    { name: '`action=""`', request: typed(`${TYPE}; action=""`), asmx: ECHOED },
    {
      name: 'action of no method, element Echo',
      request: typed(`${TYPE}; action="http://tempuri.org/Nope"`),
      asmx: ECHOED,
    },
    {
      name: 'action of no method, SOAPAction of Echo, element Echo',
      request: message([['Content-Type', `${TYPE}; action="http://tempuri.org/Nope"`], ECHO_ACTION], OK),
      asmx: ECHOED,
    },
    {
      name: 'no action, element unknown',
      request: typed(TYPE, NOPE),
      asmx: fault12(
        'Sender',
        'Unable to handle request without a valid action parameter. Please supply a valid soap action.',
      ),
    },
    {
      name: 'action and element of no method',
      request: typed(`${TYPE}; action="http://tempuri.org/Nope"`, NOPE),
      asmx: fault12('Sender', "Unable to handle request. The action 'http://tempuri.org/Nope' was not recognized."),
    },
    {
      name: 'action of another method (`EchoShort`), element Echo',
      request: typed(`${TYPE}; action="http://tempuri.org/EchoShort"`),
      asmx: answer('EchoShort', '<root number="0" xmlns="" />'),
    },
    {
      name: 'SOAP 1.2 envelope as text/xml, no SOAPAction',
      request: message([TEXT_XML], OK),
      asmx: ECHOED,
    },
    {
      name: 'SOAP 1.2 envelope as text/xml, SOAPAction',
      request: message([TEXT_XML, ECHO_ACTION], OK),
      asmx: ECHOED,
    },
    {
      name: '`<number>many</number>`',
      request: soap12(envelope12(echo({ number: '<number>many</number>' }))),
      asmx: fault12(
        'Sender',
        'Server was unable to read request. ---> There is an error in XML document (1, 188). ---> ' +
          'Input string was not in a correct format.',
      ),
    },
    {
      name: 'the method throws',
      request: soap12(envelope12(call('Throws', '<message>boom</message>')), 'Throws'),
      asmx: fault12('Receiver', 'Server was unable to process request. ---> boom'),
      difference: {
        ours: answer('Throws', '<root success="false" error="boom" xmlns="" />'),
        because: BUSINESS_FAILURES,
      },
    },
    {
      name: 'malformed XML',
      request: soap12(envelope12(echo({ text: '<text>x</number>' }))),
      asmx: empty(400, TYPE),
      difference: {
        ours: fault12('Sender', 'Server was unable to read request. ---> …', { status: 400 }),
        because: EXPLAINED,
      },
    },
    {
      name: 'unknown header, mustUnderstand="true"',
      request: soap12(
        envelope12(echo(), { header: '<soap:Header><h xmlns="urn:h" soap:mustUnderstand="true"/></soap:Header>' }),
      ),
      asmx: notUnderstood('1.2', 'h'),
    },
    { name: 'XML result, null', asmx: soapNull('1.2', 'Null'), absent: 'No operation of srv.asmx answers null.' },
    {
      name: 'multipart/related (MTOM)',
      request: mtom('application/soap+xml', envelope12(echoBytes(INCLUDE)), 'EchoBytes'),
      asmx: empty(415, TYPE),
      difference: {
        ours: mtomAnswer('application/soap+xml', answer('EchoBytes', '<root text="[x]" data="2:61-62" xmlns="" />')),
        because: MTOM,
      },
    },
  ],
};
