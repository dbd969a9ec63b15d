import { message } from '../answers.js';
import { call, envelope11, envelope12, get, message as soap, soap11, soap12, TEXT_XML } from '../requests.js';
import { DEFAULTS, NO_PLATFORM } from '../reasons.js';
import type { Answer, Section } from '../row.js';

const RESULT = { 'cache-control': 'private, max-age=0' };
const ERROR = { 'cache-control': 'private' };
const UNKNOWN_TICKET = '<AuthenticationTicket>6f1d4a52-0b0e-4d4c-9a3b-6f0a2c1d9e77</AuthenticationTicket>';

/* Written out to the last byte, as they were recorded: what the other sections abbreviate is pinned here. */

const BAD_REQUEST: Answer = {
  status: 200,
  contentType: 'text/xml; charset=utf-8',
  headers: RESULT,
  body: '<?xml version="1.0" encoding="utf-8"?>\n<response success="false" error="bad Request" />',
  brief: '<?xml?> <response success="false" error="bad Request" />, a line feed behind the declaration',
};

const INVALID_TICKET = 'error="[901] Session expired or Invalid ticket"';

export const wholeMessages: Section = {
  title: 'Whole messages',
  introduction: 'Answers pinned to the last byte, with their headers.',
  service: 'srv',
  rows: [
    {
      name: 'a result over GET: declaration, line feed, ` />` for an empty element, no namespace',
      request: get('/DeleteUploadHandler?authenticationTicket=&UploadHandler=none'),
      asmx: BAD_REQUEST,
    },
    {
      name: 'the header `X-AspNet-Version` on every answer',
      request: get('/DeleteUploadHandler?authenticationTicket=&UploadHandler=none'),
      asmx: { ...BAD_REQUEST, headers: { 'x-aspnet-version': '4.0.30319' }, brief: '(X-AspNet-Version: 4.0.30319)' },
      difference: {
        ours: {
          ...BAD_REQUEST,
          headers: { 'x-aspnet-version': undefined, 'x-powered-by': undefined },
          brief: '(no such header)',
        },
        because: NO_PLATFORM,
      },
    },
    {
      name: 'a result with elements in it over GET: indented by two spaces',
      request: get('/DownloadZipWithHandler?authenticationTicket=&Paths=&partialResult=false'),
      asmx: {
        ...BAD_REQUEST,
        body: /^<\?xml version="1\.0" encoding="utf-8"\?>\n<Response success="false" /,
        brief: '<?xml?> <Response success="false" …',
      },
    },
    {
      name: 'an error over GET: text/plain, the messages HTML-escaped and joined by ` ---> `, a line feed at the end',
      request: get('/CreateUploadHandler?authenticationTicket=&PreferedChunkSize=%3Cmany%3E'),
      asmx: {
        status: 500,
        contentType: 'text/plain; charset=utf-8',
        headers: ERROR,
        body:
          'Cannot convert &lt;many&gt; to System.Int32.\n' +
          'Parameter name: type ---> Input string was not in a correct format.\n',
        brief:
          'Cannot convert &lt;many&gt; to System.Int32. Parameter name: type ---> Input string was not in a correct format.',
      },
    },
    {
      name: 'a parameter missing over GET',
      request: get('/DeleteUploadHandler?authenticationTicket='),
      asmx: message('Missing parameter: UploadHandler.'),
      difference: { ours: BAD_REQUEST, because: DEFAULTS },
    },
    {
      name: 'a result in SOAP 1.1: no line breaks, xsi and xsd declared in this order, `xmlns=""` last',
      request: soap11(envelope11(call('isValidTicket', UNKNOWN_TICKET)), 'isValidTicket'),
      asmx: {
        status: 200,
        contentType: 'text/xml; charset=utf-8',
        headers: RESULT,
        body: '<?xml version="1.0" encoding="utf-8"?><soap:Envelope xmlns:soap="http://schemas.xmlsoap.org/soap/envelope/" xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance" xmlns:xsd="http://www.w3.org/2001/XMLSchema"><soap:Body><isValidTicketResponse xmlns="http://tempuri.org/"><isValidTicketResult><root success="false" error="[901] Session expired or Invalid ticket" xmlns="" /></isValidTicketResult></isValidTicketResponse></soap:Body></soap:Envelope>',
        brief: `SOAP 1.1 {isValidTicket} <root success="false" ${INVALID_TICKET} xmlns="" />`,
      },
    },
    {
      name: 'a fault in SOAP 1.1',
      request: soap([TEXT_XML, ['SOAPAction', '"http://tempuri.org/Nope"']], envelope11(call('Nope', ''))),
      asmx: {
        status: 500,
        contentType: 'text/xml; charset=utf-8',
        headers: ERROR,
        body: '<?xml version="1.0" encoding="utf-8"?><soap:Envelope xmlns:soap="http://schemas.xmlsoap.org/soap/envelope/" xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance" xmlns:xsd="http://www.w3.org/2001/XMLSchema"><soap:Body><soap:Fault><faultcode>soap:Client</faultcode><faultstring>Server did not recognize the value of HTTP Header SOAPAction: http://tempuri.org/Nope.</faultstring><detail /></soap:Fault></soap:Body></soap:Envelope>',
        brief:
          'SOAP 1.1 fault soap:Client: Server did not recognize the value of HTTP Header SOAPAction: http://tempuri.org/Nope.',
      },
    },
    {
      name: 'a result in SOAP 1.2: no action in the Content-Type',
      request: soap12(envelope12(call('isValidTicket', UNKNOWN_TICKET)), 'isValidTicket'),
      asmx: {
        status: 200,
        contentType: 'application/soap+xml; charset=utf-8',
        headers: RESULT,
        body: '<?xml version="1.0" encoding="utf-8"?><soap:Envelope xmlns:soap="http://www.w3.org/2003/05/soap-envelope" xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance" xmlns:xsd="http://www.w3.org/2001/XMLSchema"><soap:Body><isValidTicketResponse xmlns="http://tempuri.org/"><isValidTicketResult><root success="false" error="[901] Session expired or Invalid ticket" xmlns="" /></isValidTicketResult></isValidTicketResponse></soap:Body></soap:Envelope>',
        brief: `SOAP 1.2 {isValidTicket} <root success="false" ${INVALID_TICKET} xmlns="" />`,
      },
    },
    {
      name: 'a fault in SOAP 1.2',
      request: soap(
        [['Content-Type', 'application/soap+xml; charset=utf-8; action="http://tempuri.org/Nope"']],
        envelope12(call('Nope', '')),
      ),
      asmx: {
        status: 500,
        contentType: 'application/soap+xml; charset=utf-8',
        headers: ERROR,
        body: '<?xml version="1.0" encoding="utf-8"?><soap:Envelope xmlns:soap="http://www.w3.org/2003/05/soap-envelope" xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance" xmlns:xsd="http://www.w3.org/2001/XMLSchema"><soap:Body><soap:Fault><soap:Code><soap:Value>soap:Sender</soap:Value></soap:Code><soap:Reason><soap:Text xml:lang="en">Unable to handle request. The action \'http://tempuri.org/Nope\' was not recognized.</soap:Text></soap:Reason><soap:Detail /></soap:Fault></soap:Body></soap:Envelope>',
        brief:
          "SOAP 1.2 fault soap:Sender: Unable to handle request. The action 'http://tempuri.org/Nope' was not recognized.",
      },
    },
    {
      name: 'a MustUnderstand fault has no detail',
      request: soap11(
        envelope11(call('LogOut', ''), {
          header: '<soap:Header><h xmlns="urn:h" soap:mustUnderstand="1"/></soap:Header>',
        }),
        'LogOut',
      ),
      asmx: {
        status: 500,
        contentType: 'text/xml; charset=utf-8',
        headers: ERROR,
        body: '<?xml version="1.0" encoding="utf-8"?><soap:Envelope xmlns:soap="http://schemas.xmlsoap.org/soap/envelope/" xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance" xmlns:xsd="http://www.w3.org/2001/XMLSchema"><soap:Body><soap:Fault><faultcode>soap:MustUnderstand</faultcode><faultstring>SOAP header h was not understood.</faultstring></soap:Fault></soap:Body></soap:Envelope>',
        brief: 'SOAP 1.1 fault soap:MustUnderstand: SOAP header h was not understood.',
      },
    },
    {
      name: '`--->` inside a fault is written `---&gt;`',
      request: soap11(
        envelope11(call('CreateUploadHandler', '<PreferedChunkSize>many</PreferedChunkSize>')),
        'CreateUploadHandler',
      ),
      asmx: {
        status: 500,
        contentType: 'text/xml; charset=utf-8',
        headers: ERROR,
        body: /<faultstring>Server was unable to read request\. ---&gt; There is an error in XML document \(1, 214\)\. ---&gt; Input string was not in a correct format\.<\/faultstring><detail \/>/,
        brief:
          'SOAP 1.1 fault soap:Client: Server was unable to read request. ---> There is an error in XML document (1, 214). ---> Input string was not in a correct format.',
      },
    },
  ],
};
