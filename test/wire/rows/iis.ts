import { deflateSync } from 'node:zlib';
import { DECLARATION, document, empty, message, soap11 as answer } from '../answers.js';
import { bare, ECHO_ACTION, echo, envelope11, FORM, get, message as soap, post, TEXT_XML } from '../requests.js';
import { CONTENT_CODING, LINE_FEEDS, MARKUP, PAGE_CHARSET } from '../reasons.js';
import type { Answer, Row, Section } from '../row.js';

const ECHOED = document('<root text="[x]" number="7" flag="True" />');
const HTML = 'text/html; charset=utf-8';

const NOT_SCRIPTABLE = '{"Message":"There was an error processing the request.","StackTrace":"","ExceptionType":""}';

function errorPage(status: number, text: string, contentType: string): Answer {
  const written = text.replaceAll("'", "(?:'|&#39;)").replaceAll('.', '\\.');
  return {
    status,
    contentType,
    body: new RegExp(`<title>Runtime Error</title>[^]*${written}`),
    brief: `HTML page: Runtime Error: ${text}`,
  };
}

/** A page titled "Runtime Error" that says what was not recognized. */
function unrecognized(name: string, request: Row['request'], status: number, text: string): Row {
  return {
    name,
    request,
    asmx: errorPage(status, text, 'text/html'),
    difference: { ours: errorPage(status, text, HTML), because: PAGE_CHARSET },
  };
}

function endingIn(path: string): string {
  return `Request format is unrecognized for URL unexpectedly ending in '${path}'.`;
}

export const iis: Section = {
  title: '.NET on IIS',
  introduction:
    'The other sections were recorded from Mono. Where .NET on IIS is known to answer otherwise, this is what it answers.',
  service: 'probe',
  rows: [
    {
      name: 'line breaks in an answer over GET',
      request: get('/Echo?text=x&number=7&flag=true'),
      asmx: {
        ...ECHOED,
        body: `${DECLARATION}\r\n<root text="[x]" number="7" flag="True" />`,
        brief: '<?xml?> CR LF <root text="[x]" number="7" flag="True" />',
      },
      difference: { ours: { ...ECHOED, brief: ECHOED.brief.replace(' ', ' LF ') }, because: LINE_FEEDS },
    },
    {
      name: '`Parameter name: type` stands on a line of its own',
      request: get('/Echo?text=x&number=abc&flag=true'),
      asmx: {
        ...message(''),
        body: '',
        brief:
          'Cannot convert abc to System.Int32. CR LF Parameter name: type ---> Input string was not in a correct format. CR LF',
      },
      difference: {
        ours: {
          ...message(
            'Cannot convert abc to System.Int32.\nParameter name: type ---> Input string was not in a correct format.',
          ),
          brief:
            'Cannot convert abc to System.Int32. LF Parameter name: type ---> Input string was not in a correct format. LF',
        },
        because: LINE_FEEDS,
      },
    },
    {
      name: 'paths are case-insensitive, up to the name of the operation: `/SRV.ASMX/Echo`',
      request: bare('GET', '/SRV.ASMX/Echo?text=x&number=7&flag=true'),
      asmx: ECHOED,
    },
    {
      name: '`%u20AC` in a query is decoded',
      request: get('/Echo?text=%u20AC&number=7&flag=true'),
      asmx: document('<root text="[€]" number="7" flag="True" />'),
    },
    {
      name: '`%u20AC` in a form is decoded',
      request: post('/Echo', 'text=%u20AC&number=7&flag=true'),
      asmx: document('<root text="[€]" number="7" flag="True" />'),
    },
    {
      name: 'markup in a parameter',
      request: get('/Echo?text=%3Croot%3E&number=7&flag=true'),
      asmx: message(
        'A potentially dangerous Request.QueryString value was detected from the client (text=&quot;&lt;root&gt;&quot;).',
      ),
      difference: { ours: document('<root text="[&lt;root&gt;]" number="7" flag="True" />'), because: MARKUP },
    },
    {
      name: '`POST /Echo` with application/json',
      request: post('/Echo', '{"text":"x"}', [['Content-Type', 'application/json; charset=utf-8']]),
      asmx: {
        status: 500,
        contentType: 'application/json; charset=utf-8',
        headers: { jsonerror: 'true' },
        body: NOT_SCRIPTABLE,
        brief: `jsonerror: true, ${NOT_SCRIPTABLE}`,
      },
    },
    unrecognized('`GET /srv.asmx/js`', get('/js'), 500, endingIn('/js')),
    unrecognized('`GET /srv.asmx/`', get('/'), 500, endingIn('/')),
    unrecognized('`PUT /srv.asmx/Echo`', bare('PUT', '/srv.asmx/Echo'), 500, endingIn('/Echo')),
    unrecognized('`DELETE /srv.asmx/Echo`', bare('DELETE', '/srv.asmx/Echo'), 500, endingIn('/Echo')),
    unrecognized('`PUT /srv.asmx`', bare('PUT', '/srv.asmx'), 405, 'Request format is unrecognized.'),
    {
      name: 'Content-Encoding: deflate, in SOAP',
      request: soap([TEXT_XML, ECHO_ACTION, ['Content-Encoding', 'deflate']], deflateSync(envelope11(echo()))),
      asmx: empty(400, 'text/xml; charset=utf-8'),
      difference: {
        ours: answer('Echo', '<root text="[x]" number="7" flag="True" xmlns="" />'),
        because: CONTENT_CODING,
      },
    },
    {
      name: 'Content-Encoding: deflate, in a form',
      request: post('/Echo', deflateSync('text=x&number=7&flag=true'), [FORM, ['Content-Encoding', 'deflate']]),
      asmx: message('Missing parameter: text.'),
      difference: { ours: ECHOED, because: CONTENT_CODING },
    },
  ],
};
