import fs from 'node:fs';
import { SaxesParser } from 'saxes';
import { ContractError } from '../../src/contract/contract.js';
import { loadContract, readWsdl, WSDL_FILE } from '../../src/contract/wsdl-reader.js';

const wsdl = fs.readFileSync(WSDL_FILE, 'utf8');

/** The contract's tables: operation, parameters (string unless said), and whether it answers bytes. */
const CONTRACT: readonly (readonly [operation: string, parameters: string, result?: 'bytes'])[] = [
  ['AuthenticateUser', 'UID, PWD'],
  ['AuthenticateUser1', 'UID, PWD, Lang'],
  ['RenewTicket', 'UID, PWD, Lang, OldTicket'],
  ['CreateTicketforUser', 'TrustedUserPwd, UserName'],
  ['isValidTicket', 'AuthenticationTicket'],
  ['LogOut', 'AuthenticationTicket'],
  ['CreateUploadHandler', 'authenticationTicket, PreferedChunkSize int'],
  ['UploadFileChunk', 'authenticationTicket, uploadHandler, fileChunk base64Binary, chunkHEXCRC, lastChunk boolean'],
  ['DeleteUploadHandler', 'authenticationTicket, UploadHandler'],
  ['UploadDocumentWithHandler', 'authenticationTicket, path, uploadHandler'],
  ['UploadDocumentWithHandler1', 'authenticationTicket, path, uploadHandler, versionComments'],
  [
    'UploadDocumentWithHandler2',
    'authenticationTicket, path, uploadHandler, versionComments, mpVersionMajor short, mpVersionMinor short, mpVersionRevision short',
  ],
  ['UploadDocumentWithHandler3', 'authenticationTicket, path, uploadHandler, xmlParameters'],
  ['UploadNewDocumentWidthHandler', 'authenticationTicket, folderPath, documentName, uploadHandler, xmlParameters'],
  ['UploadDocument', 'authenticationTicket, path, fileContent base64Binary'],
  ['UploadDocument1', 'authenticationTicket, path, fileContent base64Binary, versionComment'],
  ['UploadDocument2', 'authenticationTicket, path, fileContent base64Binary, checkout boolean'],
  ['UploadDocument3', 'authenticationTicket, path, fileContent base64Binary, versionComment, checkout boolean'],
  ['UploadDocument4', 'authenticationTicket, path, fileContent base64Binary, xmlParameters'],
  ['GetDownloadHandler', 'AuthenticationTicket, Path, PreferedChunkSize int'],
  ['GetDownloadHandlerByVersion', 'AuthenticationTicket, Path, PreferedChunkSize int, VersionNumber int'],
  ['DownloadZipWithHandler', 'authenticationTicket, Paths, partialResult boolean'],
  ['DownloadFileChunk', 'authenticationTicket, DownloadHandler, StartOffset long, ChunkSize int'],
  ['DeleteDownloadHandler', 'authenticationTicket, DownloadHandler'],
  ['GetDownloadInfo', 'AuthenticationTicket, Path'],
  ['GetDownloadInfoByVersion', 'AuthenticationTicket, Path, VersionNumber int'],
  ['DownloadDocument', 'authenticationTicket, Path', 'bytes'],
  ['DownloadDocumentVersion', 'authenticationTicket, Path, VersionNumber int', 'bytes'],
  ['CreateFolder', 'authenticationTicket, Path'],
  ['FolderExists', 'authenticationTicket, Path'],
  ['DocumentExists', 'authenticationTicket, Path'],
  ['GetDocumentVersions', 'AuthenticationTicket, Path'],
  ['ServerInfo', ''],
];

describe('the contract', () => {
  const contract = loadContract();

  test('has these operations, in this order, and no other', () => {
    expect([...contract.operations.keys()]).toEqual(CONTRACT.map(([name]) => name));
  });

  const rows = CONTRACT.map(([name, parameters, result = 'element']) => [name, parameters, result] as const);

  test.each(rows)('%s takes (%s) and answers %s', (name, parameters, result) => {
    const operation = contract.operations.get(name);
    const described = operation?.parameters.map(({ name, type }) => (type === 'string' ? name : `${name} ${type}`));
    expect(described?.join(', ')).toBe(parameters);
    expect(operation?.result).toBe(result);
    expect(operation?.soapAction).toBe(`http://tempuri.org/${name}`);
    expect(operation?.documentation).toMatch(/^[A-Z].*\.$/);
  });

  test('is the service srv of the namespace http://tempuri.org/', () => {
    expect(contract.serviceName).toBe('srv');
    expect(contract.namespace).toBe('http://tempuri.org/');
    expect(contract.documentation).not.toBe('');
    expect(contract.wsdl).toBe(wsdl);
  });

  test('is written in well-formed XML with every prefix declared', () => {
    const parser = new SaxesParser({ xmlns: true });
    parser.on('error', (error) => {
      throw error;
    });
    expect(() => parser.write(wsdl).close()).not.toThrow();
  });

  test('names no array of the SOAP encoding, which several toolkits cannot read', () => {
    expect(wsdl).not.toContain('soapenc');
  });
});

describe('looking things up', () => {
  const contract = loadContract();

  test('an operation is found by its element and by its action, in its own case only', () => {
    const operation = contract.operations.get('LogOut');
    expect(operation).toBeDefined();
    expect(contract.findByElement('LogOut')).toBe(operation);
    expect(contract.findByElement('logout')).toBeUndefined();
    expect(contract.findByAction('http://tempuri.org/LogOut')).toBe(operation);
    expect(contract.findByAction('http://tempuri.org/logout')).toBeUndefined();
    expect(contract.findByAction('"http://tempuri.org/LogOut"')).toBeUndefined();
  });

  test.each(['fileChunk', 'FileChunk', 'FILECHUNK', 'filechunk'])('a parameter is found in any case: %s', (name) => {
    const parameter = contract.operations.get('UploadFileChunk')?.findParameter(name);
    expect(parameter).toEqual({ name: 'fileChunk', type: 'base64Binary' });
  });

  test.each(['', 'chunk', 'toString', '__proto__'])('nothing is found by a name that is no parameter: %j', (name) => {
    expect(contract.operations.get('UploadFileChunk')?.findParameter(name)).toBeUndefined();
  });
});

describe('a WSDL that contradicts itself is refused', () => {
  const part = '<wsdl:part name="PreferedChunkSize" type="s:int" />';
  const documentation = /<wsdl:documentation>Checks a user/;

  const cases: readonly (readonly [what: string, from: string | RegExp, to: string, message: string])[] = [
    ['a prefix stands for something else', 'xmlns:http="', 'xmlns:http="urn:', 'wsdl:definitions has xmlns:http='],
    [
      'the schema has another namespace',
      'elementFormDefault="qualified" targetNamespace="http://tempuri.org/"',
      'elementFormDefault="qualified" targetNamespace="urn:x"',
      's:schema has targetNamespace="urn:x" where "http://tempuri.org/" belongs.',
    ],
    [
      'arguments are not qualified',
      'elementFormDefault="qualified"',
      'elementFormDefault="unqualified"',
      's:schema has elementFormDefault="unqualified" where "qualified" belongs.',
    ],
    [
      'an operation has no response in the schema',
      's:element name="LogOutResponse"',
      's:element name="LogOffResponse"',
      "The schema's element LogOut is neither a request nor a response.",
    ],
    [
      'a result has another name',
      'name="LogOutResult"',
      'name="Result"',
      's:element Result has name="Result" where "LogOutResult" belongs.',
    ],
    ['a type is not known', 'type="s:short"', 'type="s:float"', 's:element mpVersionMajor has the type s:float'],
    [
      'two parameters differ in case only',
      'maxOccurs="1" name="PWD"',
      'maxOccurs="1" name="uid"',
      's:element AuthenticateUser has two parameters that differ in case only.',
    ],
    [
      'a message is missing',
      'wsdl:message name="LogOutHttpGetIn"',
      'wsdl:message name="Log"',
      'The WSDL lacks the message: LogOutHttpGetIn.',
    ],
    [
      'a message is there twice',
      'wsdl:message name="LogOutHttpGetIn"',
      'wsdl:message name="LogOutHttpPostIn"',
      'wsdl:definitions has two of wsdl:message LogOutHttpPostIn.',
    ],
    [
      'a SOAP message has another element',
      'element="tns:LogOut"',
      'element="tns:RenewTicket"',
      'wsdl:part parameters has element="tns:RenewTicket" where "tns:LogOut" belongs.',
    ],
    [
      'a part has another type',
      part,
      part.replace('int', 'long'),
      'wsdl:message CreateUploadHandlerHttpGetIn has the parts (authenticationTicket string, PreferedChunkSize long)',
    ],
    ['a part is missing', part, '', 'where the schema has (authenticationTicket string, PreferedChunkSize int).'],
    [
      'parts are in another order',
      /(<wsdl:part name="UID".*\n)(.*<wsdl:part name="PWD".*\n)/,
      '$2$1',
      'has the parts (PWD string, UID string) where the schema has (UID string, PWD string).',
    ],
    [
      'an answer in bytes has no element',
      '<wsdl:part name="Body" element="tns:base64Binary" />',
      '<wsdl:part name="Body" />',
      'wsdl:part Body has no element.',
    ],
    [
      'a port type has another documentation',
      documentation,
      '<wsdl:documentation>Tests a user',
      'The documentation of AuthenticateUser in srvHttpGet differs',
    ],
    [
      'a port type lacks an operation',
      /<wsdl:portType name="srvHttpPost">\s*<wsdl:operation name="AuthenticateUser">[^]*?<\/wsdl:operation>/,
      '<wsdl:portType name="srvHttpPost">',
      'The WSDL lacks the operation in wsdl:portType srvHttpPost: AuthenticateUser.',
    ],
    [
      'a binding has an operation too many',
      /(<wsdl:binding name="srvSoap12"[^]*?)(<wsdl:operation name=")/,
      '$1<wsdl:operation name="Nope"/>$2',
      'The WSDL has the operation in wsdl:binding srvSoap12 that nothing else names: Nope.',
    ],
    [
      'a message is bound to another operation',
      'message="tns:LogOutHttpPostOut"',
      'message="tns:LogOutHttpGetOut"',
      'wsdl:output has message="tns:LogOutHttpGetOut" where "tns:LogOutHttpPostOut" belongs.',
    ],
    [
      'a SOAP action is another',
      '<soap12:operation soapAction="http://tempuri.org/LogOut"',
      '<soap12:operation soapAction="http://tempuri.org/logout"',
      'soap12:operation has soapAction="http://tempuri.org/logout" where "http://tempuri.org/LogOut" belongs.',
    ],
    ['an operation is rpc', 'style="document"', 'style="rpc"', 'soap:operation has style="rpc"'],
    ['a body is encoded', 'use="literal"', 'use="encoded"', 'soap:body has use="encoded"'],
    ['a verb is another', 'verb="GET"', 'verb="POST"', 'http:binding has verb="POST" where "GET" belongs.'],
    [
      'a location is another',
      'location="/LogOut"',
      'location="/Logout"',
      'http:operation has location="/Logout" where "/LogOut" belongs.',
    ],
    [
      'a port has another binding',
      'name="srvSoap12" binding="tns:srvSoap12"',
      'name="srvSoap12" binding="tns:srvSoap"',
      'wsdl:port srvSoap12 has binding="tns:srvSoap" where "tns:srvSoap12" belongs.',
    ],
    ['a port has no address', /<soap12:address .*\/>/, '', 'must have exactly one soap12:address.'],
    ['it is something else', /[^]*/, '<html/>', 'The WSDL must begin with wsdl:definitions.'],
    ['it is empty', /[^]*/, '', 'The WSDL must have exactly one root element.'],
  ];

  test.each(cases)('%s', (_what, from, to, message) => {
    const changed = wsdl.replace(from, to);
    expect(changed).not.toBe(wsdl);
    expect(() => readWsdl(changed)).toThrow(ContractError);
    expect(() => readWsdl(changed)).toThrow(message);
  });

  test('the order of the operations is the same everywhere', () => {
    const swapped = wsdl.replace(
      /(<wsdl:binding name="srvSoap12"[^]*?)(<wsdl:operation[^]*?<\/wsdl:operation>\s*)(<wsdl:operation[^]*?<\/wsdl:operation>\s*)/,
      '$1$3$2',
    );
    expect(() => readWsdl(swapped)).toThrow('The WSDL does not keep its order: operation in wsdl:binding srvSoap12.');
  });
});
