import { DECLARATION, empty, fault12, message, ourPage, page, soap11 } from '../answers.js';
import { bare, call, envelope11, FORM, get, message as soap, post, TEXT_XML } from '../requests.js';
import { HEAD, NO_SUCH_PAGE, OPERATION_PAGES, OPTIONS, PAGE_CHARSET, PATH_CASE } from '../reasons.js';
import type { Answer, Row, Section } from '../row.js';

const XML = 'text/xml; charset=utf-8';
const HTML = 'text/html; charset=utf-8';
const RESULT = { 'cache-control': 'private, max-age=0' };
const METHODS = { allow: 'GET, HEAD, POST, OPTIONS' };
const HELP = 'srv Web Service';
const ERROR = 'Runtime Error';

const WSDL: Answer = {
  status: 200,
  contentType: XML,
  headers: RESULT,
  body: /^<\?xml version="1\.0" encoding="utf-8"\?>\n<wsdl:definitions /,
  brief: '<?xml?> <wsdl:definitions …',
};

const DISCOVERY: Answer = {
  status: 200,
  contentType: XML,
  headers: RESULT,
  body: new RegExp(
    `^${DECLARATION.replaceAll('?', '\\?')}\n` +
      '<discovery xmlns:xsd="http://www\\.w3\\.org/2001/XMLSchema" xmlns:xsi="http://www\\.w3\\.org/2001/XMLSchema-instance" xmlns="http://schemas\\.xmlsoap\\.org/disco/">\n' +
      '  <contractRef ref="(http://[\\d.:]+/srv\\.asmx)\\?wsdl" docRef="\\1" xmlns="http://schemas\\.xmlsoap\\.org/disco/scl/" />\n' +
      '  <soap address="\\1" xmlns:q1="http://tempuri\\.org/" binding="q1:srvSoap" xmlns="http://schemas\\.xmlsoap\\.org/disco/soap/" />\n' +
      '  <soap address="\\1" xmlns:q2="http://tempuri\\.org/" binding="q2:srvSoap12" xmlns="http://schemas\\.xmlsoap\\.org/disco/soap/" />\n' +
      '</discovery>$',
  ),
  brief:
    '<?xml?> <discovery …> <contractRef ref="http://HOST/srv.asmx?wsdl" docRef="http://HOST/srv.asmx" … /> ' +
    '<soap address="http://HOST/srv.asmx" … binding="q1:srvSoap" … /> <soap … binding="q2:srvSoap12" … />',
};

const LOG_OUT = envelope11(
  call('LogOut', '<AuthenticationTicket>6f1d4a52-0b0e-4d4c-9a3b-6f0a2c1d9e77</AuthenticationTicket>'),
);
const LOG_OUT_HEADERS = [TEXT_XML, ['SOAPAction', '"http://tempuri.org/LogOut"']] as const;

/** A page that both answer. */
function samePage(name: string, request: Row['request'], status: number, title: string): Row {
  return {
    name,
    request,
    asmx: page(status, title),
    difference: { ours: ourPage(status, title), because: PAGE_CHARSET },
  };
}

export const address: Section = {
  title: 'The address itself',
  introduction: '`/srv.asmx` without the name of an operation, and addresses that are none.',
  service: 'srv',
  rows: [
    { name: '`GET ?WSDL`', request: get('?WSDL'), asmx: WSDL },
    { name: '`GET ?wsdl`', request: get('?wsdl'), asmx: WSDL },
    { name: '`GET ?WSDL=`', request: get('?WSDL='), asmx: message('XML Web service description was not found.') },
    { name: '`GET ?wsdl&x=1`', request: get('?wsdl&x=1'), asmx: WSDL },
    samePage('`GET ?singleWsdl`', get('?singleWsdl'), 200, HELP),
    { name: '`GET ?disco`', request: get('?disco'), asmx: DISCOVERY },
    {
      name: '`GET ?op=AuthenticateUser`',
      request: get('?op=AuthenticateUser'),
      asmx: page(500, ERROR),
      difference: { ours: page(200, '.*AuthenticateUser.*', HTML), because: OPERATION_PAGES },
    },
    {
      name: '`GET ?op=Nope`',
      request: get('?op=Nope'),
      asmx: page(500, ERROR),
      difference: { ours: page(404, '.*', HTML), because: NO_SUCH_PAGE },
    },
    { name: '`GET ?schema=schema1`', request: get('?schema=schema1'), asmx: message('Schema not found.') },
    samePage('`GET /srv.asmx`', get(''), 200, HELP),
    samePage('`GET /srv.asmx/js`', get('/js'), 500, ERROR),
    {
      name: '`GET /SRV.ASMX?WSDL`',
      request: bare('GET', '/SRV.ASMX?WSDL'),
      asmx: page(404, 'Error 404'),
      difference: { ours: WSDL, because: PATH_CASE },
    },
    {
      name: '`HEAD /srv.asmx`',
      request: bare('HEAD', '/srv.asmx'),
      asmx: empty(405, 'text/html'),
      difference: { ours: empty(200, HTML), because: HEAD },
    },
    {
      name: '`HEAD ?WSDL`',
      request: bare('HEAD', '/srv.asmx?WSDL'),
      asmx: empty(405, 'text/html'),
      difference: { ours: empty(200, XML), because: HEAD },
    },
    samePage('`PUT /srv.asmx`', { ...bare('PUT', '/srv.asmx'), body: Buffer.from('x') }, 405, ERROR),
    {
      name: '`OPTIONS /srv.asmx`',
      request: bare('OPTIONS', '/srv.asmx'),
      asmx: page(405, ERROR),
      difference: { ours: { ...empty(204), headers: METHODS }, because: OPTIONS },
    },
    {
      name: '`POST /srv.asmx?WSDL`, envelope',
      request: post('?WSDL', LOG_OUT, LOG_OUT_HEADERS),
      asmx: soap11('LogOut', '<root success="false" error="[901] Session expired or Invalid ticket" xmlns="" />'),
    },
    samePage('`POST /srv.asmx/`, envelope', post('/', LOG_OUT, LOG_OUT_HEADERS), 500, ERROR),
    {
      name: '`POST /srv.asmx` urlencoded',
      request: soap([FORM], 'text=x'),
      asmx: fault12(
        'Receiver',
        'Server was unable to process request. ---> Data at the root level is invalid. Line 1, position 1.',
      ),
    },
    samePage('`GET /nope.asmx`', bare('GET', '/nope.asmx'), 404, 'Error 404'),
  ],
};
