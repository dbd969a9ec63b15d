import { document, empty, soap11 as answer11, soap12 as answer12 } from '../answers.js';
import type { Header } from '../exchange.js';
import {
  call,
  echo,
  echoBytes,
  envelope11,
  envelope12,
  FORM,
  get,
  message,
  NAMESPACE_11,
  NAMESPACE_12,
  post,
  TEXT_XML,
  XSD,
  XSI,
} from '../requests.js';
import { ARGUMENT_NAMES, DEFAULTS, TRAILING_WHITE_SPACE } from '../reasons.js';
import type { Answer, Section } from '../row.js';

const ECHOED_11 = answer11('Echo', '<root text="[x]" number="7" flag="True" xmlns="" />');
const ECHOED_12 = answer12('Echo', '<root text="[x]" number="7" flag="True" xmlns="" />');
const ECHOED = document('<root text="[x]" number="7" flag="True" />');
const BYTES = document('<root text="[x]" data="2:61-62" />');

const ECHO = 'http://tempuri.org/Echo';
const ACTION: Header = ['SOAPAction', `"${ECHO}"`];
const EXPECT: Header = ['Expect', '100-continue'];
const SOAP_12: Header = ['Content-Type', 'application/soap+xml; charset=utf-8'];
const SOAP_12_ACTION: Header = ['Content-Type', `application/soap+xml; charset=utf-8; action="${ECHO}"`];
const DOTNET: Header = [
  'User-Agent',
  'Mozilla/4.0 (compatible; MSIE 6.0; MS Web Services Client Protocol 4.0.30319.42000)',
];
const BYTE_ORDER_MARK = '\ufeff';
const SINGLE_QUOTED = "<?xml version='1.0' encoding='utf-8'?>";

/** The answer to a call of Echo that left `text` out: null in ASMX. */
function withoutText(version: '1.1' | '1.2', text: 'NULL' | '[]'): Answer {
  const answer = version === '1.1' ? answer11 : answer12;
  return answer('Echo', `<root text="${text}" number="7" flag="True" xmlns="" />`);
}

const WITHOUT_TEXT = '<number>7</number><flag>true</flag>';

export const toolkits: Section = {
  title: 'What the toolkits send',
  introduction:
    'Seen on the wire from real clients; all of it must be taken. What ASMX answers follows from the sections above.',
  service: 'probe',
  rows: [
    {
      name: '.NET `wsdl.exe` proxy, SOAP 1.1: waits for `100 Continue`',
      request: {
        ...message([DOTNET, TEXT_XML, ACTION, EXPECT], envelope11(echo(), { attributes: XSI + XSD })),
        waitsForContinue: true,
      },
      asmx: ECHOED_11,
    },
    {
      name: '.NET `wsdl.exe` proxy, SOAP 1.2: `action=` and no SOAPAction',
      request: {
        ...message([DOTNET, SOAP_12_ACTION, EXPECT], envelope12(echo(), { attributes: XSI + XSD })),
        waitsForContinue: true,
      },
      asmx: ECHOED_12,
    },
    {
      name: '.NET HttpPost proxy: waits for `100 Continue` with a form too',
      request: { ...post('/Echo', 'text=x&number=7&flag=True', [DOTNET, FORM, EXPECT]), waitsForContinue: true },
      asmx: ECHOED,
    },
    {
      name: '.NET HttpPost proxy: a byte[] as a string array',
      request: { ...post('/EchoBytes', 'text=x&data=97&data=98', [DOTNET, FORM, EXPECT]), waitsForContinue: true },
      asmx: BYTES,
    },
    {
      name: '.NET HttpGet proxy: a byte[] as a string array',
      request: get('/EchoBytes?text=x&data=97&data=98', [DOTNET]),
      asmx: BYTES,
    },
    {
      name: 'WCF, SOAP 1.2 without addressing: BOM, SOAPAction and no `action=`, xsi and xsd declared on the Body',
      request: message(
        [SOAP_12, ACTION],
        `${BYTE_ORDER_MARK}<s:Envelope xmlns:s="${NAMESPACE_12}"><s:Body${XSI}${XSD}>${echo()}</s:Body></s:Envelope>`,
      ),
      asmx: ECHOED_12,
    },
    {
      name: 'PHP SoapClient: prefix `ns1:`, a line feed behind `</Envelope>`',
      request: message(
        [['User-Agent', 'PHP-SOAP/8.2'], TEXT_XML, ACTION],
        `<?xml version="1.0" encoding="UTF-8"?>\n<SOAP-ENV:Envelope xmlns:SOAP-ENV="${NAMESPACE_11}" xmlns:ns1="http://tempuri.org/"><SOAP-ENV:Body><ns1:Echo><ns1:text>x</ns1:text><ns1:number>7</ns1:number><ns1:flag>true</ns1:flag></ns1:Echo></SOAP-ENV:Body></SOAP-ENV:Envelope>\n`,
      ),
      asmx: empty(400, 'text/xml; charset=utf-8'),
      difference: { ours: ECHOED_11, because: TRAILING_WHITE_SPACE },
    },
    {
      name: 'PHP SoapClient, SOAP 1.2: `action=`, a line feed behind `</Envelope>`',
      request: message([SOAP_12_ACTION], `${envelope12(echo())}\n`),
      asmx: empty(400, 'application/soap+xml; charset=utf-8'),
      difference: { ours: ECHOED_12, because: TRAILING_WHITE_SPACE },
    },
    {
      name: 'PHP SoapClient: a null argument is left out',
      request: message([TEXT_XML, ACTION], envelope11(call('Echo', WITHOUT_TEXT))),
      asmx: withoutText('1.1', 'NULL'),
      difference: { ours: withoutText('1.1', '[]'), because: DEFAULTS },
    },
    {
      name: 'zeep: declaration in single quotes, a prefix declared on the operation',
      request: message(
        [['User-Agent', 'Zeep/4.2.1 (www.python-zeep.org)'], ['SOAPAction', `"${ECHO}"`], TEXT_XML],
        `${SINGLE_QUOTED}\n<soap-env:Envelope xmlns:soap-env="${NAMESPACE_11}"><soap-env:Body><ns0:Echo xmlns:ns0="http://tempuri.org/"><ns0:text>x</ns0:text><ns0:number>7</ns0:number><ns0:flag>true</ns0:flag></ns0:Echo></soap-env:Body></soap-env:Envelope>`,
      ),
      asmx: ECHOED_11,
    },
    {
      name: 'zeep, SOAP 1.2: `action=` and SOAPAction',
      request: message([ACTION, SOAP_12_ACTION], envelope12(echo(), { declaration: `${SINGLE_QUOTED}\n` })),
      asmx: ECHOED_12,
    },
    {
      name: 'suds: header spelled `Soapaction`, an empty Header, two prefixes of one namespace, `Connection: close`',
      request: message(
        [
          ['Accept-Encoding', 'identity'],
          ['Soapaction', `"${ECHO}"`],
          ['Content-Type', 'text/xml; charset=utf-8'],
          ['User-Agent', 'Python-urllib/3.11'],
          ['Connection', 'close'],
        ],
        `<?xml version="1.0" encoding="UTF-8"?><SOAP-ENV:Envelope xmlns:ns0="http://tempuri.org/" xmlns:ns1="${NAMESPACE_11}"${XSI} xmlns:SOAP-ENV="${NAMESPACE_11}"><SOAP-ENV:Header/><ns1:Body><ns0:Echo><ns0:text>x</ns0:text><ns0:number>7</ns0:number><ns0:flag>true</ns0:flag></ns0:Echo></ns1:Body></SOAP-ENV:Envelope>`,
      ),
      asmx: ECHOED_11,
    },
    {
      name: 'SOAP::Lite: `soap:encodingStyle` on the Envelope, `Connection: TE, close`, `TE: deflate,gzip;q=0.3`',
      request: message(
        [
          ['TE', 'deflate,gzip;q=0.3'],
          ['Connection', 'TE, close'],
          ['Accept', 'text/xml, multipart/*, application/soap'],
          ['User-Agent', 'SOAP::Lite/Perl/1.27'],
          TEXT_XML,
          ['SOAPAction', ECHO],
        ],
        envelope11(echo(), {
          attributes: `${XSI} xmlns:soapenc="http://schemas.xmlsoap.org/soap/encoding/"${XSD} soap:encodingStyle="http://schemas.xmlsoap.org/soap/encoding/"`,
        }),
      ),
      asmx: ECHOED_11,
    },
    {
      name: 'SOAP::Lite, SOAP 1.2: SOAPAction without quotes and no `action=`',
      request: message([SOAP_12, ['SOAPAction', ECHO]], envelope12(echo())),
      asmx: ECHOED_12,
    },
    {
      name: 'SOAP::Lite from the WSDL: `xsi:type`, arguments in no namespace',
      request: message(
        [TEXT_XML, ['SOAPAction', ECHO]],
        envelope11(
          '<tns:Echo xmlns:tns="http://tempuri.org/"><text xsi:type="xsd:string">x</text><number xsi:type="xsd:int">7</number><flag xsi:type="xsd:boolean">true</flag></tns:Echo>',
          { attributes: XSI + XSD },
        ),
      ),
      asmx: answer11('Echo', '<root text="NULL" number="0" flag="False" xmlns="" />'),
      difference: { ours: ECHOED_11, because: ARGUMENT_NAMES },
    },
    {
      name: 'gSOAP: CR LF behind `</Envelope>`',
      request: message(
        [['User-Agent', 'gSOAP/2.8'], TEXT_XML, ['Connection', 'close'], ACTION],
        `<?xml version="1.0" encoding="UTF-8"?>\n<SOAP-ENV:Envelope xmlns:SOAP-ENV="${NAMESPACE_11}" xmlns:SOAP-ENC="http://schemas.xmlsoap.org/soap/encoding/"${XSI}${XSD} xmlns:ns1="http://tempuri.org/"><SOAP-ENV:Body><ns1:Echo><ns1:text>x</ns1:text><ns1:number>7</ns1:number><ns1:flag>true</ns1:flag></ns1:Echo></SOAP-ENV:Body></SOAP-ENV:Envelope>\r\n`,
      ),
      asmx: empty(400, 'text/xml; charset=utf-8'),
      difference: { ours: ECHOED_11, because: TRAILING_WHITE_SPACE },
    },
    {
      name: 'gSOAP, SOAP 1.2: `action=` and SOAPAction, indented, CR LF behind `</Envelope>`',
      request: message(
        [SOAP_12_ACTION, ACTION],
        `<?xml version="1.0" encoding="UTF-8"?>
<SOAP-ENV:Envelope
    xmlns:SOAP-ENV="${NAMESPACE_12}"
    xmlns:ns1="http://tempuri.org/">
 <SOAP-ENV:Body>
  <ns1:Echo>
   <ns1:text>x</ns1:text>
   <ns1:number>7</ns1:number>
   <ns1:flag>true</ns1:flag>
  </ns1:Echo>
 </SOAP-ENV:Body>
</SOAP-ENV:Envelope>\r\n`,
      ),
      asmx: empty(400, 'application/soap+xml; charset=utf-8'),
      difference: { ours: ECHOED_12, because: TRAILING_WHITE_SPACE },
    },
    {
      name: 'gSOAP, SOAP 1.2: a null argument is left out',
      request: message([SOAP_12_ACTION, ACTION], envelope12(call('Echo', WITHOUT_TEXT))),
      asmx: withoutText('1.2', 'NULL'),
      difference: { ours: withoutText('1.2', '[]'), because: DEFAULTS },
    },
    {
      name: 'JAX-WS RI: declaration in single quotes, `Accept: …, multipart/related`',
      request: message(
        [['Accept', 'text/xml, multipart/related'], TEXT_XML, ACTION, ['User-Agent', 'JAX-WS RI 2.3.3']],
        `<?xml version='1.0' encoding='UTF-8'?><S:Envelope xmlns:S="${NAMESPACE_11}"><S:Body>${echo()}</S:Body></S:Envelope>`,
      ),
      asmx: ECHOED_11,
    },
    {
      name: 'JAX-WS RI, SOAP 1.2: `charset=utf-8;action="…"` without a space',
      request: message(
        [
          ['Accept', 'application/soap+xml, multipart/related'],
          ['Content-Type', `application/soap+xml; charset=utf-8;action="${ECHO}"`],
        ],
        envelope12(echo(), { declaration: "<?xml version='1.0' encoding='UTF-8'?>" }),
      ),
      asmx: ECHOED_12,
    },
    {
      name: 'JAX-WS RI: chunked transfer coding',
      request: {
        ...message(
          [['Accept', 'text/xml, multipart/related'], TEXT_XML, ['SOAPAction', '"http://tempuri.org/EchoBytes"']],
          envelope11(echoBytes('<data>YWI=</data>')),
        ),
        isChunked: true,
      },
      asmx: answer11('EchoBytes', '<root text="[x]" data="2:61-62" xmlns="" />'),
    },
    {
      name: 'JAX-WS RI, SOAP 1.2: chunked transfer coding',
      request: { ...message([SOAP_12_ACTION], envelope12(echo())), isChunked: true },
      asmx: ECHOED_12,
    },
    {
      name: 'Axis 1.4: HTTP/1.0 with a Host header, `Pragma: no-cache`',
      request: {
        ...message(
          [
            ['Content-Type', 'text/xml; charset=utf-8'],
            ['Accept', 'application/soap+xml, application/dime, multipart/related, text/*'],
            ['User-Agent', 'Axis/1.4'],
            ['Cache-Control', 'no-cache'],
            ['Pragma', 'no-cache'],
            ACTION,
          ],
          `<?xml version="1.0" encoding="UTF-8"?><soapenv:Envelope xmlns:soapenv="${NAMESPACE_11}"${XSD}${XSI}><soapenv:Body>${echo()}</soapenv:Body></soapenv:Envelope>`,
        ),
        version: '1.0',
      },
      asmx: ECHOED_11,
    },
    {
      name: 'Axis 1.4: a null argument is left out',
      request: { ...message([TEXT_XML, ACTION], envelope11(call('Echo', WITHOUT_TEXT))), version: '1.0' },
      asmx: withoutText('1.1', 'NULL'),
      difference: { ours: withoutText('1.1', '[]'), because: DEFAULTS },
    },
  ],
};
