import { gzipSync } from 'node:zlib';
import {
  empty,
  fault11,
  message as plain,
  notUnderstood,
  soap11 as answer,
  soapNull,
  versionMismatch,
} from '../answers.js';
import type { Header, WireRequest } from '../exchange.js';
import {
  call,
  ECHO_ACTION,
  echo,
  echoBytes,
  type EchoElements,
  envelope11,
  message,
  NAMESPACE_11,
  soap11,
  TEXT_XML,
  writeEnvelope,
  XSD,
  XSI,
} from '../requests.js';
import {
  ARGUMENT_NAMES,
  BOOLEANS,
  BUSINESS_FAILURES,
  CONTENT_CODING,
  DEFAULTS,
  EXPLAINED,
  MESSAGE_CHARSET,
} from '../reasons.js';
import type { Answer, Row, Section } from '../row.js';

const ECHOED = answer('Echo', '<root text="[x]" number="7" flag="True" xmlns="" />');
const NOTHING = answer('Echo', '<root text="[]" number="0" flag="False" xmlns="" />');
const NOTHING_IN_ASMX = answer('Echo', '<root text="NULL" number="0" flag="False" xmlns="" />');
const OK = envelope11(echo());
const XML = 'text/xml; charset=utf-8';
const BYTE_ORDER_MARK = '\ufeff';

/** A call of Echo with one argument sent another way. */
function calling(elements: EchoElements, attributes = ''): WireRequest {
  return soap11(envelope11(echo(elements), { attributes }));
}

function echoing(text: string): Answer {
  return answer('Echo', `<root text="${text}" number="7" flag="True" xmlns="" />`);
}

function echoingBytes(data: string): Answer {
  return answer('EchoBytes', `<root text="[x]" data="${data}" xmlns="" />`);
}

function withHeaders(...headers: readonly Header[]): WireRequest {
  return message(headers, OK);
}

function action(value: string): WireRequest {
  return withHeaders(TEXT_XML, ['SOAPAction', value]);
}

function unknownAction(value: string): Answer {
  return fault11('Client', `Server did not recognize the value of HTTP Header SOAPAction: ${value}.`);
}

function unreadable(position: string, reason: string): Answer {
  return fault11(
    'Client',
    `Server was unable to read request. ---> There is an error in XML document ${position}. ---> ${reason}`,
  );
}

/** What ASMX's XML parser refuses, once the envelope's version is known. */
function refused(name: string, request: WireRequest): Row {
  return {
    name,
    request,
    asmx: empty(400, XML),
    difference: {
      ours: fault11('Client', 'Server was unable to read request. ---> …', { status: 400 }),
      because: EXPLAINED,
    },
  };
}

/** And what it refuses before that. */
function refusedBefore(name: string, request: WireRequest): Row {
  return { name, request, asmx: empty(400, XML), difference: { ours: plain('…', 400), because: EXPLAINED } };
}

function wrongType(name: string, headers: readonly Header[], type: string): Row {
  return {
    name,
    request: withHeaders(...headers, ECHO_ACTION),
    asmx: empty(415, XML),
    difference: {
      ours: plain(`The Content-Type ${type} is not that of a SOAP message: …`, 415),
      because: EXPLAINED,
    },
  };
}

function data(element: string): WireRequest {
  return soap11(envelope11(echoBytes(element)), 'EchoBytes');
}

function header(element: string): WireRequest {
  return soap11(envelope11(echo(), { header: `<soap:Header>${element}</soap:Header>` }));
}

/** A call of Echo with `text` in it that declares an encoding, in bytes of an encoding. */
function encoded(type: string, declared: string, encoding: BufferEncoding, text = 'x', mark = ''): WireRequest {
  const declaration = `<?xml version="1.0" encoding="${declared}"?>`;
  const envelope = envelope11(echo({ text: `<text>${text}</text>` }), { declaration });
  return message([['Content-Type', type], ECHO_ACTION], Buffer.from(mark + envelope, encoding));
}

export const soap11Section: Section = {
  title: 'SOAP 1.1',
  introduction:
    '`POST /srv.asmx`, `Content-Type: text/xml; charset=utf-8`, `SOAPAction: "http://tempuri.org/<Op>"`, and ' +
    '`<soap:Envelope><soap:Body><Echo xmlns="http://tempuri.org/"><text>x</text><number>7</number><flag>true</flag>' +
    '</Echo>…` on one line, but for what is said.',
  service: 'probe',
  rows: [
    { name: 'ok', request: soap11(OK), asmx: ECHOED },
    {
      name: 'prefixed, indented, `tns:`',
      request: soap11(
        `<?xml version="1.0" encoding="utf-8"?>
<s:Envelope xmlns:s="${NAMESPACE_11}" xmlns:tns="http://tempuri.org/">
  <s:Body>
    <tns:Echo>
      <tns:text>x</tns:text>
      <tns:number>7</tns:number>
      <tns:flag>true</tns:flag>
    </tns:Echo>
  </s:Body>
</s:Envelope>`,
      ),
      asmx: ECHOED,
    },
    {
      name: 'header spelled `soapaction`',
      request: withHeaders(TEXT_XML, ['soapaction', ECHO_ACTION[1]]),
      asmx: ECHOED,
    },
    { name: 'SOAPAction without quotes', request: action('http://tempuri.org/Echo'), asmx: ECHOED },
    {
      name: 'SOAPAction in single quotes',
      request: action("'http://tempuri.org/Echo'"),
      asmx: unknownAction("'http://tempuri.org/Echo'"),
    },
    { name: 'no SOAPAction', request: withHeaders(TEXT_XML), asmx: ECHOED },
    { name: '`SOAPAction: ""`', request: action('""'), asmx: unknownAction('') },
    { name: '`SOAPAction:` empty', request: action(''), asmx: unknownAction('') },
    {
      name: 'SOAPAction of no method',
      request: action('"http://tempuri.org/Nope"'),
      asmx: unknownAction('http://tempuri.org/Nope'),
    },
    {
      name: 'SOAPAction in another case',
      request: action('"http://tempuri.org/echo"'),
      asmx: unknownAction('http://tempuri.org/echo'),
    },
    {
      name: 'SOAPAction of another method (`EchoShort`), body Echo',
      request: action('"http://tempuri.org/EchoShort"'),
      asmx: answer('EchoShort', '<root number="0" xmlns="" />'),
    },
    {
      name: 'SOAPAction ok, body element unknown `<Nope/>`',
      request: soap11(envelope11('<Nope xmlns="http://tempuri.org/"/>')),
      asmx: NOTHING_IN_ASMX,
      difference: { ours: NOTHING, because: DEFAULTS },
    },
    {
      name: 'body element in no namespace',
      request: soap11(envelope11(echo().replace(' xmlns="http://tempuri.org/"', ''))),
      asmx: NOTHING_IN_ASMX,
      difference: { ours: NOTHING, because: DEFAULTS },
    },
    {
      name: 'arguments in no namespace',
      request: soap11(
        envelope11('<e:Echo xmlns:e="http://tempuri.org/"><text>x</text><number>7</number><flag>true</flag></e:Echo>'),
      ),
      asmx: NOTHING_IN_ASMX,
      difference: { ours: ECHOED, because: ARGUMENT_NAMES },
    },
    {
      name: 'argument names in another case `<Text>`',
      request: calling({ text: '<Text>x</Text>' }),
      asmx: echoing('NULL'),
      difference: { ours: ECHOED, because: ARGUMENT_NAMES },
    },
    {
      name: '`number` missing (an int)',
      request: calling({ number: '' }),
      asmx: answer('Echo', '<root text="[x]" number="0" flag="True" xmlns="" />'),
    },
    {
      name: '`text` missing (a string)',
      request: calling({ text: '' }),
      asmx: echoing('NULL'),
      difference: { ours: echoing('[]'), because: DEFAULTS },
    },
    {
      name: 'all arguments missing `<Echo/>`',
      request: soap11(envelope11(call('Echo', ''))),
      asmx: NOTHING_IN_ASMX,
      difference: { ours: NOTHING, because: DEFAULTS },
    },
    {
      name: 'empty Body',
      request: soap11(envelope11('')),
      asmx: NOTHING_IN_ASMX,
      difference: { ours: NOTHING, because: DEFAULTS },
    },
    {
      name: 'no Body',
      request: soap11(`<soap:Envelope xmlns:soap="${NAMESPACE_11}"></soap:Envelope>`),
      asmx: fault11(
        'Client',
        'Server was unable to read request. ---> Request format is invalid: Missing required soap:Body element.',
      ),
    },
    {
      name: 'arguments out of order',
      request: soap11(envelope11(call('Echo', '<flag>true</flag><number>7</number><text>x</text>'))),
      asmx: ECHOED,
    },
    {
      name: 'unknown elements between',
      request: calling({ number: '<unknown>1</unknown><number>7</number><more><still>2</still></more>' }),
      asmx: ECHOED,
    },
    {
      name: '`text` twice',
      request: calling({ text: '<text>a</text><text>b</text>' }),
      asmx: echoing('[a]'),
    },
    {
      name: 'two operations in the Body',
      request: soap11(envelope11(echo() + echo({ text: '<text>second</text>' }))),
      asmx: ECHOED,
    },
    {
      name: '`<text xsi:nil="true"/>`',
      request: calling({ text: '<text xsi:nil="true"/>' }, XSI),
      asmx: echoing('[]'),
    },
    {
      name: '`<number xsi:nil="true"/>`',
      request: calling({ number: '<number xsi:nil="true"/>' }, XSI),
      asmx: unreadable('(1, 247)', 'Input string was not in a correct format.'),
    },
    { name: '`<text/>` empty', request: calling({ text: '<text/>' }), asmx: echoing('[]') },
    {
      name: '`<number/>` empty',
      request: calling({ number: '<number/>' }),
      asmx: unreadable('(1, 178)', 'Input string was not in a correct format.'),
    },
    {
      name: '`<number>many</number>`',
      request: calling({ number: '<number>many</number>' }),
      asmx: unreadable('(1, 190)', 'Input string was not in a correct format.'),
    },
    {
      name: '`<number>2147483648</number>`',
      request: calling({ number: '<number>2147483648</number>' }),
      asmx: unreadable('(1, 196)', 'Value was either too large or too small for an Int32.'),
    },
    { name: '`<number> 7 </number>`', request: calling({ number: '<number> 7 </number>' }), asmx: ECHOED },
    { name: '`<number>+7</number>`', request: calling({ number: '<number>+7</number>' }), asmx: ECHOED },
    { name: '`<flag>1</flag>`', request: calling({ flag: '<flag>1</flag>' }), asmx: ECHOED },
    { name: '`<flag> true </flag>`', request: calling({ flag: '<flag> true </flag>' }), asmx: ECHOED },
    {
      name: '`<flag>True</flag>`',
      request: calling({ flag: '<flag>True</flag>' }),
      asmx: unreadable('(1, 205)', "The string 'True' is not a valid Boolean value."),
      difference: { ours: ECHOED, because: BOOLEANS },
    },
    {
      name: '`<flag>Truth</flag>`, no boolean in any case',
      request: calling({ flag: '<flag>Truth</flag>' }),
      asmx: unreadable('(1, 206)', "The string 'Truth' is not a valid Boolean value."),
    },
    {
      name: '`xsi:type="xsd:string"` on `text`',
      request: calling({ text: '<text xsi:type="xsd:string">x</text>' }, XSI + XSD),
      asmx: ECHOED,
    },
    {
      name: 'CDATA in `text`',
      request: calling({ text: '<text><![CDATA[a<&b]]></text>' }),
      asmx: echoing('[a&lt;&amp;b]'),
    },
    {
      name: 'entities `&lt;&#x20AC;&amp;` in `text`',
      request: calling({ text: '<text>&lt;&#x20AC;&amp;</text>' }),
      asmx: echoing('[&lt;€&amp;]'),
    },
    refused('comment and PI inside `text`', calling({ text: '<text>a<!-- c --><?p i?>b</text>' })),
    refused('comment alone inside `text`', calling({ text: '<text>a<!-- c -->b</text>' })),
    {
      name: 'white space kept in `text`',
      request: calling({ text: '<text> a\n b </text>' }),
      asmx: echoing('[ a&#xA; b ]'),
    },
    refused('`&#1;` in `text`', calling({ text: '<text>&#1;</text>' })),
    refused('unknown entity `&nbsp;`', calling({ text: '<text>&nbsp;</text>' })),
    {
      name: 'base64 with line breaks and spaces',
      request: data('<data> YW\r\nJj\n </data>'),
      asmx: echoingBytes('3:61-62-63'),
    },
    { name: 'base64 without padding `YWI`', request: data('<data>YWI</data>'), asmx: echoingBytes('2:61-62') },
    refused('base64 after its padding `YWI=YWI=`', data('<data>YWI=YWI=</data>')),
    { name: 'base64, one character `Y`', request: data('<data>Y</data>'), asmx: echoingBytes('0:') },
    refused('base64 with `-_`', data('<data>YW-_</data>')),
    refused('invalid base64 `@@@@`', data('<data>@@@@</data>')),
    { name: 'empty base64 `<data></data>`', request: data('<data></data>'), asmx: echoingBytes('0:') },
    { name: 'empty base64 `<data/>`', request: data('<data/>'), asmx: echoingBytes('0:') },
    {
      name: 'base64 missing',
      request: data(''),
      asmx: echoingBytes('NULL'),
      difference: { ours: echoingBytes('0:'), because: DEFAULTS },
    },
    {
      name: '`<data xsi:nil="true"/>`',
      request: soap11(envelope11(echoBytes('<data xsi:nil="true"/>'), { attributes: XSI }), 'EchoBytes'),
      asmx: echoingBytes('0:'),
    },
    {
      name: 'base64 in CDATA',
      request: data('<data><![CDATA[YWJj]]></data>'),
      asmx: echoingBytes('3:61-62-63'),
    },
    refused(
      '`xop:Include` inside, no MTOM',
      data('<data><xop:Include xmlns:xop="http://www.w3.org/2004/08/xop/include" href="cid:a"/></data>'),
    ),
    {
      name: 'byte[] result',
      request: soap11(envelope11(call('Bytes', '<count>3</count>')), 'Bytes'),
      asmx: answer('Bytes', 'YWFh'),
    },
    {
      name: 'byte[] result, empty',
      request: soap11(envelope11(call('Bytes', '<count>0</count>')), 'Bytes'),
      asmx: answer('Bytes', ''),
    },
    {
      name: 'byte[] result, null',
      asmx: soapNull('1.1', 'Bytes'),
      absent: 'No operation of srv.asmx answers null: a download that fails is empty.',
    },
    { name: 'XML result, null', asmx: soapNull('1.1', 'Null'), absent: 'No operation of srv.asmx answers null.' },
    { name: 'void', asmx: soapNull('1.1', 'Void'), absent: 'No operation of srv.asmx answers nothing.' },
    {
      name: 'the method throws',
      request: soap11(envelope11(call('Throws', '<message>a&lt;b</message>')), 'Throws'),
      asmx: fault11('Server', 'Server was unable to process request. ---> a&lt;b'),
      difference: {
        ours: answer('Throws', '<root success="false" error="a&lt;b" xmlns="" />'),
        because: BUSINESS_FAILURES,
      },
    },
    { name: 'unknown header', request: header('<h xmlns="urn:h">1</h>'), asmx: ECHOED },
    {
      name: 'unknown header, mustUnderstand="1"',
      request: header('<h xmlns="urn:h" soap:mustUnderstand="1"/>'),
      asmx: notUnderstood('1.1', 'h'),
    },
    {
      name: 'the same with an actor that is another',
      request: header('<h xmlns="urn:h" soap:mustUnderstand="1" soap:actor="urn:somebody-else"/>'),
      asmx: notUnderstood('1.1', 'h'),
    },
    { name: 'malformed XML `<a><b></a>`', request: soap11('<a><b></a>'), asmx: versionMismatch('') },
    refused('malformed inside an argument', calling({ text: '<text>x</number>' })),
    refused('cut off in the middle', soap11(OK.slice(0, OK.indexOf('</number>')))),
    refusedBefore('empty body', soap11('')),
    { name: 'not an envelope `<x/>`', request: soap11('<x/>'), asmx: versionMismatch('') },
    {
      name: 'envelope in another namespace',
      request: soap11(writeEnvelope('urn:nope', echo())),
      asmx: versionMismatch('urn:nope'),
    },
    refusedBefore(
      'DTD',
      soap11(envelope11(echo(), { declaration: '<?xml version="1.0"?><!DOCTYPE x [<!ENTITY e "x">]>' })),
    ),
    refusedBefore('white space before `<?xml`', soap11(` ${OK}`)),
    refused('trailing junk after `</Envelope>`', soap11(`${OK}junk`)),
    refused('two envelopes, one after the other', soap11(OK + envelope11(echo(), { declaration: '' }))),
    wrongType('`Content-Type: application/xml`', [['Content-Type', 'application/xml']], 'application/xml'),
    wrongType('`Content-Type: text/plain`', [['Content-Type', 'text/plain']], 'text/plain'),
    wrongType('no Content-Type', [], '(none)'),
    {
      name: '`Content-Type: text/xml` without charset, XML says utf-8',
      request: encoded('text/xml', 'utf-8', 'utf8', 'é'),
      asmx: echoing('[??]'),
      difference: { ours: echoing('[é]'), because: MESSAGE_CHARSET },
    },
    {
      name: 'charset="utf-8" in quotes',
      request: encoded('text/xml; charset="utf-8"', 'utf-8', 'utf8'),
      asmx: ECHOED,
    },
    {
      name: 'UTF-8 BOM',
      request: encoded('text/xml; charset=utf-8', 'utf-8', 'utf8', 'x', BYTE_ORDER_MARK),
      asmx: ECHOED,
    },
    {
      name: 'UTF-16LE with BOM, charset=utf-16',
      request: encoded('text/xml; charset=utf-16', 'utf-16', 'utf16le', 'x', BYTE_ORDER_MARK),
      asmx: ECHOED,
    },
    {
      name: 'UTF-16LE with BOM, charset=utf-8',
      request: encoded('text/xml; charset=utf-8', 'utf-16', 'utf16le', 'x', BYTE_ORDER_MARK),
      asmx: ECHOED,
    },
    { name: 'UTF-16BE with BOM, no charset', request: bigEndian(), asmx: ECHOED },
    {
      name: 'charset=iso-8859-1, XML says iso-8859-1',
      request: encoded('text/xml; charset=iso-8859-1', 'iso-8859-1', 'latin1', 'é'),
      asmx: echoing('[é]'),
    },
    {
      name: 'charset=iso-8859-1, XML says utf-8, bytes Latin-1',
      request: encoded('text/xml; charset=iso-8859-1', 'utf-8', 'latin1', 'é'),
      asmx: echoing('[é]'),
    },
    {
      name: 'charset=utf-8, XML says iso-8859-1, bytes UTF-8',
      request: encoded('text/xml; charset=utf-8', 'iso-8859-1', 'utf8', 'é'),
      asmx: echoing('[é]'),
    },
    {
      name: 'charset=utf-8, bytes not UTF-8',
      request: encoded('text/xml; charset=utf-8', 'utf-8', 'latin1', 'é'),
      asmx: echoing('[\ufffd]'),
    },
    { name: 'charset=nope', request: encoded('text/xml; charset=nope', 'utf-8', 'utf8'), asmx: ECHOED },
    {
      name: 'Content-Encoding: gzip',
      request: message([TEXT_XML, ECHO_ACTION, ['Content-Encoding', 'gzip']], gzipSync(OK)),
      asmx: empty(400, XML),
      difference: { ours: ECHOED, because: CONTENT_CODING },
    },
    { name: 'Transfer-Encoding: chunked', request: { ...soap11(OK), isChunked: true }, asmx: ECHOED },
    {
      name: 'Expect: 100-continue',
      request: {
        ...message([TEXT_XML, ECHO_ACTION, ['Expect', '100-continue']], OK),
        waitsForContinue: true,
      },
      asmx: ECHOED,
    },
    { name: 'HTTP/1.0', request: { ...soap11(OK), version: '1.0' }, asmx: ECHOED },
    {
      name: 'SOAP 1.1 envelope as application/soap+xml',
      request: withHeaders(['Content-Type', 'application/soap+xml; charset=utf-8; action="http://tempuri.org/Echo"']),
      asmx: empty(415, XML),
      difference: {
        ours: fault11(
          'Client',
          'Server was unable to read request. ---> A SOAP 1.1 envelope must be sent as text/xml.',
          { status: 415 },
        ),
        because: EXPLAINED,
      },
    },
  ],
};

function bigEndian(): WireRequest {
  const { body, ...request } = encoded('text/xml', 'utf-16', 'utf16le', 'x', BYTE_ORDER_MARK);
  return { ...request, body: Buffer.from(body ?? '').swap16() };
}
