import { document, empty, message } from '../answers.js';
import { envelope11, echo, FORM, post, TEXT_XML } from '../requests.js';
import { BASE64, BUSINESS_FAILURES, DEFAULTS, LIKE_IIS, MULTIPART } from '../reasons.js';
import type { Section } from '../row.js';

const ECHOED = document('<root text="[x]" number="7" flag="True" />');
const ALL = 'text=x&number=7&flag=true';

/** What .NET answers to a call by script of a service that is not open to scripts. */
const NOT_SCRIPTABLE = '{"Message":"There was an error processing the request.","StackTrace":"","ExceptionType":""}';

function type(value: string): readonly (readonly [string, string])[] {
  return [['Content-Type', value]];
}

export const httpPost: Section = {
  title: 'HTTP POST',
  introduction:
    '`POST /srv.asmx/<Operation>`, with `Content-Type: application/x-www-form-urlencoded` if nothing else is said.',
  service: 'probe',
  rows: [
    { name: 'urlencoded `text=x&number=7&flag=true`', request: post('/Echo', ALL), asmx: ECHOED },
    {
      name: '`; charset=utf-8` after the type',
      request: post('/Echo', 'text=%C3%A9&number=7&flag=true', type(`${FORM[1]}; charset=utf-8`)),
      asmx: document('<root text="[é]" number="7" flag="True" />'),
    },
    {
      name: '`; charset=iso-8859-1`, `text=%E9`',
      request: post('/Echo', 'text=%E9&number=7&flag=true', type(`${FORM[1]}; charset=iso-8859-1`)),
      asmx: document('<root text="[é]" number="7" flag="True" />'),
    },
    { name: 'type in upper case', request: post('/Echo', ALL, type(FORM[1].toUpperCase())), asmx: ECHOED },
    {
      name: 'one parameter in the query, the rest in the body',
      request: post('/Echo?text=x', 'number=7&flag=true'),
      asmx: message('Missing parameter: text.'),
      difference: { ours: document('<root text="[]" number="7" flag="True" />'), because: DEFAULTS },
    },
    {
      name: 'the same parameter in the query and in the body',
      request: post('/Echo?text=query', ALL),
      asmx: ECHOED,
    },
    {
      name: '`number` missing',
      request: post('/Echo', 'text=x&flag=true'),
      asmx: message('Missing parameter: number.'),
      difference: { ours: document('<root text="[x]" number="0" flag="True" />'), because: DEFAULTS },
    },
    {
      name: '`number=many`',
      request: post('/Echo', 'text=x&number=many&flag=true'),
      asmx: message(
        'Cannot convert many to System.Int32.\nParameter name: type ---> Input string was not in a correct format.',
      ),
    },
    {
      name: 'empty body',
      request: post('/Echo', ''),
      asmx: message('Missing parameter: text.'),
      difference: { ours: document('<root text="[]" number="0" flag="False" />'), because: DEFAULTS },
    },
    {
      name: 'line breaks between the parameters',
      request: post('/Echo', 'text=x\r\n&number=7\r\n&flag=true\r\n'),
      asmx: document('<root text="[x&#xD;&#xA;]" number="7" flag="True" />'),
    },
    {
      name: 'no Content-Type',
      request: post('/Echo', ALL, []),
      asmx: message('Request format is invalid: .'),
    },
    {
      name: '`Content-Type: application/json`',
      request: post('/Echo', '{}', type('application/json')),
      asmx: { status: 200, contentType: 'application/json', body: '{"d":[]}', brief: '{"d":[]}' },
      difference: {
        ours: {
          status: 500,
          contentType: 'application/json; charset=utf-8',
          headers: { jsonerror: 'true' },
          body: NOT_SCRIPTABLE,
          brief: NOT_SCRIPTABLE,
        },
        because: LIKE_IIS,
      },
    },
    {
      name: '`Content-Type: text/plain`',
      request: post('/Echo', ALL, type('text/plain')),
      asmx: message('Request format is invalid: text/plain.'),
    },
    {
      name: '`Content-Type: text/xml` with an envelope, to /Echo',
      request: post('/Echo', envelope11(echo()), [TEXT_XML]),
      asmx: message('Request format is invalid: text/xml; charset=utf-8.'),
    },
    {
      name: 'multipart/form-data',
      request: post(
        '/Echo',
        formData({ text: 'x', number: '7', flag: 'true' }),
        type('multipart/form-data; boundary=b'),
      ),
      asmx: message('Request format is invalid: multipart/form-data; boundary=b.'),
      difference: { ours: ECHOED, because: MULTIPART },
    },
    {
      name: 'byte[] parameter as base64',
      request: post('/EchoBytes', 'text=x&data=YWI%3D'),
      asmx: message(
        'Cannot convert YWI= to System.Byte.\nParameter name: type ---> Input string was not in a correct format.',
      ),
      difference: { ours: document('<root text="[x]" data="2:61-62" />'), because: BASE64 },
    },
    {
      name: 'no parameters: `POST /Null`, no Content-Type',
      asmx: { status: 200, contentType: 'text/xml; charset=utf-8', body: '', brief: '<?xml?>' },
      absent: 'No operation of srv.asmx answers null; one without parameters is called so all the same (next row).',
    },
    {
      name: 'no parameters: `POST /Text`, no Content-Type',
      request: post('/Text', '', []),
      asmx: document('<root a="&lt;&amp;&quot;&gt;\' &#xA;é€">x&lt;&amp;"&gt;\' yé</root>'),
    },
    {
      name: 'no parameters: `POST /Void`, any Content-Type',
      asmx: empty(200),
      absent: 'No operation of srv.asmx answers nothing; one without parameters is called so all the same (next row).',
    },
    {
      name: 'no parameters: `POST /Text`, any Content-Type',
      request: post('/Text', 'anything', type('text/plain')),
      asmx: document('<root a="&lt;&amp;&quot;&gt;\' &#xA;é€">x&lt;&amp;"&gt;\' yé</root>'),
    },
    {
      name: 'the method throws',
      request: post('/Throws', 'message=boom'),
      asmx: message('boom'),
      difference: { ours: document('<root success="false" error="boom" />'), because: BUSINESS_FAILURES },
    },
    {
      name: 'unknown method',
      request: post('/Nope', 'x=1'),
      asmx: message('Nope Web Service method name is not valid.'),
    },
    {
      name: 'wrong case',
      request: post('/echo', ALL),
      asmx: message(
        'Invalid method name &#39;echo&#39;, method names are case sensitive. The method name &#39;Echo&#39; with the ' +
          'same name but different casing was found.\nParameter name: methodName',
      ),
    },
  ],
};

/** A form as multipart/form-data with the boundary `b` (RFC 7578). */
function formData(fields: Readonly<Record<string, string>>): string {
  const parts = Object.entries(fields).map(
    ([name, value]) => `--b\r\nContent-Disposition: form-data; name="${name}"\r\n\r\n${value}\r\n`,
  );
  return `${parts.join('')}--b--\r\n`;
}
