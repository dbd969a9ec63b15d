import { gzipSync } from 'node:zlib';
import { bytes, document, empty, message, mtomAnswer, soap11 as answer } from '../answers.js';
import { call, echoBytes, envelope11, FORM, get, INCLUDE, mtom, post, soap11 } from '../requests.js';
import { BASE64, COMPRESSED_ANSWERS, CONTENT_CODING, CONTENT_ITSELF, HEAD, MTOM, MULTIPART } from '../reasons.js';
import type { Answer, Section } from '../row.js';

const BYTES = document('<root text="[x]" data="2:61-62" />');
const LONG = 'x'.repeat(2000);
const ECHOED_LONG = document(`<root text="[${LONG}]" number="0" flag="False" />`);
const INCLUDED = '<xop:Include xmlns:xop="http://www.w3.org/2004/08/xop/include" href="cid:content@lighterage" />';
const GZIP = [['Accept-Encoding', 'gzip, deflate']] as const;

/** A part of multipart/form-data with a file in it, as a browser sends it. */
const FILE_PART =
  '--b\r\nContent-Disposition: form-data; name="text"\r\n\r\nx\r\n' +
  '--b\r\nContent-Disposition: form-data; name="data"; filename="a.bin"\r\n' +
  'Content-Type: application/octet-stream\r\n\r\nab\r\n--b--\r\n';
const BASE64_PART =
  '--b\r\nContent-Disposition: form-data; name="text"\r\n\r\nx\r\n' +
  '--b\r\nContent-Disposition: form-data; name="data"\r\n\r\nYWI=\r\n--b--\r\n';

/** An answer that came compressed; the body is pinned as it is once that is undone. */
function compressed(answered: Answer): Answer {
  return {
    ...answered,
    headers: { ...answered.headers, 'content-encoding': 'gzip', vary: 'Accept-Encoding' },
    brief: '(the same, with Content-Encoding: gzip and Vary: Accept-Encoding)',
  };
}

function plain(answered: Answer): Answer {
  return { ...answered, headers: { ...answered.headers, 'content-encoding': undefined }, brief: '(not compressed)' };
}

const MULTIPART_REFUSED = message('Request format is invalid: multipart/form-data; boundary=b.');

export const beyond: Section = {
  title: 'What ASMX cannot do',
  introduction: 'What callers of this service may do besides. What ASMX answers then follows from the sections above.',
  service: 'probe',
  rows: [
    {
      name: 'a form with a file in it',
      request: post('/EchoBytes', FILE_PART, [['Content-Type', 'multipart/form-data; boundary=b']]),
      asmx: MULTIPART_REFUSED,
      difference: { ours: BYTES, because: MULTIPART },
    },
    {
      name: 'multipart/form-data with base64 in a field that is no file',
      request: post('/EchoBytes', BASE64_PART, [['Content-Type', 'multipart/form-data; boundary=b']]),
      asmx: MULTIPART_REFUSED,
      difference: { ours: BYTES, because: MULTIPART },
    },
    {
      name: 'MTOM, SOAP 1.1',
      request: mtom('text/xml', envelope11(echoBytes(INCLUDE)), 'EchoBytes'),
      asmx: empty(415, 'text/xml; charset=utf-8'),
      difference: {
        ours: mtomAnswer('text/xml', answer('EchoBytes', '<root text="[x]" data="2:61-62" xmlns="" />')),
        because: MTOM,
      },
    },
    {
      name: 'MTOM, content in the answer',
      request: mtom('text/xml', envelope11(call('Bytes', '<count>3</count>')), 'Bytes'),
      asmx: empty(415, 'text/xml; charset=utf-8'),
      difference: { ours: mtomAnswer('text/xml', answer('Bytes', INCLUDED), 'aaa'), because: MTOM },
    },
    {
      name: 'base64 whose `+` was not escaped: `data=+/+/`',
      request: get('/EchoBytes?text=x&data=+/+/'),
      asmx: message(
        'Cannot convert  / / to System.Byte.\nParameter name: type ---> Input string was not in a correct format.',
      ),
      difference: { ours: document('<root text="[x]" data="3:FB-FF-BF" />'), because: BASE64 },
    },
    {
      name: 'a compressed form',
      request: post('/Echo', gzipSync('text=x&number=7&flag=true'), [FORM, ['Content-Encoding', 'gzip']]),
      asmx: message('Missing parameter: text.'),
      difference: { ours: document('<root text="[x]" number="7" flag="True" />'), because: CONTENT_CODING },
    },
    {
      name: 'an answer of more than 1 KiB, for a caller that accepts gzip',
      request: get(`/Echo?text=${LONG}`, GZIP),
      asmx: plain(ECHOED_LONG),
      difference: { ours: compressed(ECHOED_LONG), because: COMPRESSED_ANSWERS },
    },
    {
      name: 'the same in SOAP',
      request: { ...soap11(envelope11(call('Echo', `<text>${LONG}</text>`))), headers: soapHeaders() },
      asmx: plain(answer('Echo', `<root text="[${LONG}]" number="0" flag="False" xmlns="" />`)),
      difference: {
        ours: compressed(answer('Echo', `<root text="[${LONG}]" number="0" flag="False" xmlns="" />`)),
        because: COMPRESSED_ANSWERS,
      },
    },
    {
      name: 'content is never compressed: base64 in SOAP',
      request: { ...soap11(envelope11(call('Bytes', '<count>3000</count>'))), headers: soapHeaders('Bytes') },
      asmx: plain(answer('Bytes', 'YWFh'.repeat(1000))),
    },
    {
      name: 'content is never compressed: a download over GET',
      request: get('/Bytes?count=3000', GZIP),
      asmx: {
        ...document(`<base64Binary xmlns="http://tempuri.org/">${'YWFh'.repeat(1000)}</base64Binary>`),
        brief: '<?xml?> <base64Binary xmlns="http://tempuri.org/">…</base64Binary>',
      },
      difference: { ours: plain(bytes('a'.repeat(3000))), because: CONTENT_ITSELF },
    },
    {
      name: 'the WSDL, for a caller that accepts gzip',
      request: get('?WSDL', GZIP),
      service: 'srv',
      asmx: {
        status: 200,
        contentType: 'text/xml; charset=utf-8',
        body: /^<\?xml /,
        brief: '(not compressed)',
      },
      difference: {
        ours: compressed({
          status: 200,
          contentType: 'text/xml; charset=utf-8',
          headers: { 'cache-control': 'private, max-age=0' },
          body: /^<\?xml version="1\.0" encoding="utf-8"\?>\n<wsdl:definitions /,
          brief: '',
        }),
        because: COMPRESSED_ANSWERS,
      },
    },
    {
      name: 'HEAD for a download says how long it is',
      request: { ...get('/Bytes?count=3000'), method: 'HEAD' },
      asmx: { status: 500, contentType: 'text/html', body: '', brief: '(empty)' },
      difference: {
        ours: {
          status: 200,
          contentType: 'application/octet-stream',
          headers: { 'content-length': '3000' },
          body: '',
          brief: '(empty, with Content-Length: 3000)',
        },
        because: HEAD,
      },
    },
  ],
};

function soapHeaders(operation = 'Echo') {
  return [...soap11('', operation).headers, ...GZIP];
}
