import { document, empty, fault11, soap11 as answer, soap12 as answer12 } from '../answers.js';
import {
  call,
  echo,
  envelope11,
  envelope12,
  get,
  message,
  post,
  soap11,
  soap12,
  TEXT_XML,
  ECHO_ACTION,
  XSI,
} from '../requests.js';
import { BOOLEANS, DEFAULTS, EXPLAINED, MESSAGE_CHARSET } from '../reasons.js';
import type { Section } from '../row.js';

const ECHOED = answer('Echo', '<root text="[x]" number="7" flag="True" xmlns="" />');
const ECHOED_E_ACUTE = answer('Echo', '<root text="[é]" number="7" flag="True" xmlns="" />');
const ECHOED_E_ACUTE_12 = answer12('Echo', '<root text="[é]" number="7" flag="True" xmlns="" />');
const OK = envelope11(echo());
const E_ACUTE = { text: '<text>é</text>' };
const BYTE_ORDER_MARK = '\ufeff';

export const rules: Section = {
  title: 'The rules behind the rows',
  introduction: 'What the other sections follow from, where no row of theirs shows it.',
  service: 'probe',
  rows: [
    {
      name: 'the SOAPAction is URL-decoded',
      request: message([TEXT_XML, ['SOAPAction', '"http%3A%2F%2Ftempuri.org%2FEcho"']], OK),
      asmx: ECHOED,
    },
    {
      name: 'with a SOAPAction the element is not looked at: the arguments in another one mean nothing',
      request: soap11(envelope11(call('EchoShort', '<number>8</number>'))),
      asmx: answer('Echo', '<root text="NULL" number="0" flag="False" xmlns="" />'),
      difference: { ours: answer('Echo', '<root text="[]" number="0" flag="False" xmlns="" />'), because: DEFAULTS },
    },
    {
      name: 'an element in another namespace is no argument',
      request: soap11(envelope11(echo({ text: '<text xmlns="urn:other">a</text><text>x</text>' }))),
      asmx: ECHOED,
    },
    {
      name: 'a comment between arguments is passed over',
      request: soap11(envelope11(echo({ number: '<!-- the seventh --><number>7</number>' }))),
      asmx: ECHOED,
    },
    {
      name: 'a comment behind `</Envelope>`',
      request: soap11(`${OK}<!-- the end -->`),
      asmx: empty(400, 'text/xml; charset=utf-8'),
      difference: {
        ours: fault11('Client', 'Server was unable to read request. ---> …', { status: 400 }),
        because: EXPLAINED,
      },
    },
    {
      name: '`xsi:nil="1"` is an empty string too',
      request: soap11(envelope11(echo({ text: '<text xsi:nil="1"/>' }), { attributes: XSI })),
      asmx: answer('Echo', '<root text="[]" number="7" flag="True" xmlns="" />'),
    },
    {
      name: '`1` for a boolean over POST',
      request: post('/Echo', 'text=x&number=7&flag=1'),
      asmx: {
        status: 500,
        contentType: 'text/plain; charset=utf-8',
        body: '',
        brief:
          'Cannot convert 1 to System.Boolean. Parameter name: type ---> String was not recognized as a valid Boolean.',
      },
      difference: { ours: document('<root text="[x]" number="7" flag="True" />'), because: BOOLEANS },
    },
    {
      name: 'white space round a boolean over GET',
      request: get('/Echo?text=x&number=7&flag=%20true%20'),
      asmx: document('<root text="[x]" number="7" flag="True" />'),
    },
    {
      name: 'a UTF-8 byte order mark beats charset=iso-8859-1',
      request: message(
        [['Content-Type', 'text/xml; charset=iso-8859-1'], ECHO_ACTION],
        BYTE_ORDER_MARK + envelope11(echo(E_ACUTE)),
      ),
      asmx: ECHOED_E_ACUTE,
    },
    {
      name: 'an unknown charset is US-ASCII: a byte above 127 is a question mark',
      request: message([['Content-Type', 'text/xml; charset=nope'], ECHO_ACTION], envelope11(echo(E_ACUTE))),
      asmx: answer('Echo', '<root text="[??]" number="7" flag="True" xmlns="" />'),
    },
    {
      name: 'text/xml without charset or declaration',
      request: message([['Content-Type', 'text/xml'], ECHO_ACTION], envelope11(echo(E_ACUTE), { declaration: '' })),
      asmx: answer('Echo', '<root text="[??]" number="7" flag="True" xmlns="" />'),
      difference: { ours: ECHOED_E_ACUTE, because: MESSAGE_CHARSET },
    },
    {
      name: 'application/soap+xml without charset is as the XML says: iso-8859-1',
      request: message(
        [['Content-Type', 'application/soap+xml; action="http://tempuri.org/Echo"']],
        Buffer.from(
          envelope12(echo(E_ACUTE), { declaration: '<?xml version="1.0" encoding="iso-8859-1"?>' }),
          'latin1',
        ),
      ),
      asmx: ECHOED_E_ACUTE_12,
    },
    {
      name: 'application/soap+xml without charset and declaration is UTF-8',
      request: message(
        [['Content-Type', 'application/soap+xml; action="http://tempuri.org/Echo"']],
        envelope12(echo(E_ACUTE), { declaration: '' }),
      ),
      asmx: ECHOED_E_ACUTE_12,
    },
    {
      name: 'a header with mustUnderstand="0" may be passed over',
      request: soap11(
        envelope11(echo(), { header: '<soap:Header><h xmlns="urn:h" soap:mustUnderstand="0"/></soap:Header>' }),
      ),
      asmx: ECHOED,
    },
    {
      name: 'mustUnderstand of the other version of SOAP means nothing',
      request: soap12(
        envelope12(echo(), {
          header:
            '<soap:Header><h xmlns="urn:h" xmlns:s="http://schemas.xmlsoap.org/soap/envelope/" s:mustUnderstand="1"/></soap:Header>',
        }),
      ),
      asmx: answer12('Echo', '<root text="[x]" number="7" flag="True" xmlns="" />'),
    },
  ],
};
