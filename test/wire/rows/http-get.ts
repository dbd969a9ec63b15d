import { bytes, document, empty, message, ourPage, page } from '../answers.js';
import { bare, get } from '../requests.js';
import {
  BASE64,
  BOOLEANS,
  BUSINESS_FAILURES,
  CONTENT_ITSELF,
  DEFAULTS,
  HEAD,
  LIKE_IIS,
  OPTIONS,
  PAGE_CHARSET,
} from '../reasons.js';
import type { Row, Section } from '../row.js';

const XML = 'text/xml; charset=utf-8';
const ECHOED = document('<root text="[x]" number="7" flag="True" />');
const NOTHING = document('<root text="[]" number="0" flag="False" />');
const RUNTIME_ERROR = page(500, 'Runtime Error');

/** A value that .NET does not read as the parameter's type. */
function unreadable(name: string, query: string, value: string, type: string, reason: string): Row {
  return {
    name,
    request: get(query),
    asmx: message(`Cannot convert ${value} to System.${type}.\nParameter name: type ---> ${reason}`),
  };
}

function wrongNumber(name: string, value: string): Row {
  const reason = 'Input string was not in a correct format.';
  return unreadable(name, `/Echo?text=x&number=${value}&flag=true`, value, 'Int32', reason);
}

function wrongBoolean(name: string, value: string): Row {
  const reason = 'String was not recognized as a valid Boolean.';
  return unreadable(name, `/Echo?text=x&number=7&flag=${value}`, value, 'Boolean', reason);
}

export const httpGet: Section = {
  title: 'HTTP GET',
  introduction: '`GET /srv.asmx/<Operation>?…`',
  service: 'probe',
  rows: [
    { name: '`GET /Echo?text=x&number=7&flag=true`', request: get('/Echo?text=x&number=7&flag=true'), asmx: ECHOED },
    {
      name: 'names in another case: `?TEXT=x&Number=7&FLAG=true`',
      request: get('/Echo?TEXT=x&Number=7&FLAG=true'),
      asmx: ECHOED,
    },
    {
      name: 'order reversed, an unknown parameter more',
      request: get('/Echo?flag=true&unknown=1&number=7&text=x'),
      asmx: ECHOED,
    },
    {
      name: '`number` missing',
      request: get('/Echo?text=x&flag=true'),
      asmx: message('Missing parameter: number.'),
      difference: { ours: document('<root text="[x]" number="0" flag="True" />'), because: DEFAULTS },
    },
    {
      name: '`text` missing (a string)',
      request: get('/Echo?number=7&flag=true'),
      asmx: message('Missing parameter: text.'),
      difference: { ours: document('<root text="[]" number="7" flag="True" />'), because: DEFAULTS },
    },
    {
      name: '`text=` empty',
      request: get('/Echo?text=&number=7&flag=true'),
      asmx: document('<root text="[]" number="7" flag="True" />'),
    },
    {
      name: 'no query at all',
      request: get('/Echo'),
      asmx: message('Missing parameter: text.'),
      difference: { ours: NOTHING, because: DEFAULTS },
    },
    wrongNumber('`number=abc`', 'abc'),
    wrongNumber('`number=` empty', ''),
    unreadable(
      '`number=2147483648`',
      '/Echo?text=x&number=2147483648&flag=true',
      '2147483648',
      'Int32',
      'Value was either too large or too small for an Int32.',
    ),
    { name: '`number=%207%20` (spaces)', request: get('/Echo?text=x&number=%207%20&flag=true'), asmx: ECHOED },
    { name: '`number=%2B7`, a plus sign', request: get('/Echo?text=x&number=%2B7&flag=true'), asmx: ECHOED },
    wrongNumber('`number=7.0`', '7.0'),
    wrongNumber('`number=0x7`', '0x7'),
    wrongNumber('`number=1,000`', '1,000'),
    unreadable(
      '`EchoShort?number=32768`',
      '/EchoShort?number=32768',
      '32768',
      'Int16',
      'Value was either too large or too small for an Int16.',
    ),
    { name: '`flag=TRUE`', request: get('/Echo?text=x&number=7&flag=TRUE'), asmx: ECHOED },
    {
      name: '`flag=1`',
      request: get('/Echo?text=x&number=7&flag=1'),
      asmx: message(
        'Cannot convert 1 to System.Boolean.\nParameter name: type ---> String was not recognized as a valid Boolean.',
      ),
      difference: { ours: ECHOED, because: BOOLEANS },
    },
    wrongBoolean('`flag=yes`', 'yes'),
    wrongBoolean('`flag=` empty', ''),
    {
      name: 'duplicate: `text=a&text=b`',
      request: get('/Echo?text=a&text=b&number=7&flag=true'),
      asmx: document('<root text="[a,b]" number="7" flag="True" />'),
    },
    unreadable(
      'duplicate: `number=1&number=2`',
      '/Echo?text=x&number=1&number=2&flag=true',
      '1,2',
      'Int32',
      'Input string was not in a correct format.',
    ),
    {
      name: '`text=a%20b+c%C3%A9`',
      request: get('/Echo?text=a%20b+c%C3%A9&number=7&flag=true'),
      asmx: document('<root text="[a b cé]" number="7" flag="True" />'),
    },
    {
      name: '`text=%u20AC%E9` (IIS and Latin-1 escapes)',
      request: get('/Echo?text=%u20AC%E9&number=7&flag=true'),
      asmx: document('<root text="[%u20AC\ufffd]" number="7" flag="True" />'),
      difference: { ours: document('<root text="[€\ufffd]" number="7" flag="True" />'), because: LIKE_IIS },
    },
    {
      name: '`text=%3Croot%3E%26` (markup)',
      request: get('/Echo?text=%3Croot%3E%26&number=7&flag=true'),
      asmx: document('<root text="[&lt;root&gt;&amp;]" number="7" flag="True" />'),
    },
    {
      name: 'unknown method `GET /Nope?x=1`',
      request: get('/Nope?x=1'),
      asmx: message('Nope Web Service method name is not valid.'),
    },
    {
      name: 'wrong case `GET /echo?...`',
      request: get('/echo?text=x&number=7&flag=true'),
      asmx: message(
        'Invalid method name &#39;echo&#39;, method names are case sensitive. The method name &#39;Echo&#39; with the ' +
          'same name but different casing was found.\nParameter name: methodName',
      ),
    },
    {
      name: '`GET /Echo/more?...`',
      request: get('/Echo/more?text=x&number=7&flag=true'),
      asmx: message('Echo/more Web Service method name is not valid.'),
    },
    {
      name: '`GET /srv.asmx/`',
      request: get('/'),
      asmx: RUNTIME_ERROR,
      difference: { ours: ourPage(500, 'Runtime Error'), because: PAGE_CHARSET },
    },
    {
      name: 'byte[] parameter: `EchoBytes?text=x&data=97&data=98`',
      request: get('/EchoBytes?text=x&data=97&data=98'),
      asmx: document('<root text="[x]" data="2:61-62" />'),
    },
    {
      name: 'byte[] parameter as base64: `data=YWI=`',
      request: get('/EchoBytes?text=x&data=YWI='),
      asmx: message(
        'Cannot convert YWI= to System.Byte.\nParameter name: type ---> Input string was not in a correct format.',
      ),
      difference: { ours: document('<root text="[x]" data="2:61-62" />'), because: BASE64 },
    },
    {
      name: 'byte[] parameter missing',
      request: get('/EchoBytes?text=x'),
      asmx: message('Object reference not set to an instance of an object'),
      difference: { ours: document('<root text="[x]" data="0:" />'), because: DEFAULTS },
    },
    {
      name: 'byte[] result: `Bytes?count=3`',
      request: get('/Bytes?count=3'),
      asmx: document('<base64Binary xmlns="http://tempuri.org/">YWFh</base64Binary>'),
      difference: { ours: bytes('aaa'), because: CONTENT_ITSELF },
    },
    {
      name: 'byte[] result, empty',
      request: get('/Bytes?count=0'),
      asmx: document('<base64Binary xmlns="http://tempuri.org/" />'),
      difference: { ours: bytes(''), because: CONTENT_ITSELF },
    },
    {
      name: 'byte[] result, null',
      asmx: document(
        '<base64Binary xmlns:xsd="http://www.w3.org/2001/XMLSchema" ' +
          'xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance" xsi:nil="true" xmlns="http://tempuri.org/" />',
      ),
      absent: 'No operation of srv.asmx answers null: a download that fails is empty.',
    },
    {
      name: 'XML result, null: `Null`',
      asmx: { status: 200, contentType: XML, body: '', brief: '<?xml?>' },
      absent: 'No operation of srv.asmx answers null.',
    },
    {
      name: 'string result: `Str?text=a%3Cb`',
      asmx: document('<string xmlns="http://tempuri.org/">a&lt;b</string>'),
      absent: 'No operation of srv.asmx answers a string.',
    },
    { name: 'void: `Void`', asmx: empty(200), absent: 'No operation of srv.asmx answers nothing.' },
    {
      name: 'result with characters to escape: `Text`',
      request: get('/Text'),
      asmx: document('<root a="&lt;&amp;&quot;&gt;\' &#xA;é€">x&lt;&amp;"&gt;\' yé</root>'),
    },
    {
      name: 'the method throws: `Throws?message=a%3Cb`',
      request: get('/Throws?message=a%3Cb'),
      asmx: message('a&lt;b'),
      difference: { ours: document('<root success="false" error="a&lt;b" />'), because: BUSINESS_FAILURES },
    },
    {
      name: '`HEAD /Echo?...`',
      request: bare('HEAD', '/srv.asmx/Echo?text=x&number=7&flag=true'),
      asmx: empty(500, 'text/html'),
      difference: {
        ours: {
          ...empty(200, XML),
          headers: { ...ECHOED.headers, 'content-length': String(ECHOED.body.toString().length) },
        },
        because: HEAD,
      },
    },
    {
      name: '`PUT /Echo`',
      request: { ...bare('PUT', '/srv.asmx/Echo'), body: Buffer.from('text=x') },
      asmx: RUNTIME_ERROR,
      difference: { ours: ourPage(500, 'Runtime Error'), because: PAGE_CHARSET },
    },
    {
      name: '`DELETE /Echo?...`',
      request: bare('DELETE', '/srv.asmx/Echo?text=x&number=7&flag=true'),
      asmx: RUNTIME_ERROR,
      difference: { ours: ourPage(500, 'Runtime Error'), because: PAGE_CHARSET },
    },
    {
      name: '`OPTIONS /Echo`',
      request: bare('OPTIONS', '/srv.asmx/Echo'),
      asmx: RUNTIME_ERROR,
      difference: {
        ours: { ...empty(204), headers: { allow: 'GET, HEAD, POST, OPTIONS' } },
        because: OPTIONS,
      },
    },
  ],
};
