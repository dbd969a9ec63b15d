import { loadContract } from '../../src/contract/wsdl-reader.js';
import { crc32, upperHex } from '../../src/values/crc32.js';
import { Service } from '../../scripts/client/service.js';
import { type Arguments, FORMS, type Message } from './messages.js';

const CONTENT = Buffer.from('What is carried: \r\n--boundary \u0000 ÿ and more of it. '.repeat(20));

/** What calls are made with: a session, and handlers in it. */
export interface Premises {
  readonly service: Service;
  readonly ticket: string;
}

/** Values for parameters, by their names in lower case, as clients send them. */
async function values({ service, ticket }: Premises): Promise<Readonly<Record<string, string | Buffer>>> {
  const upload = await service.call('POST', 'CreateUploadHandler', { authenticationTicket: ticket });
  const download = await service.call('POST', 'GetDownloadHandler', {
    AuthenticationTicket: ticket,
    Path: '/Public/fuzz.txt',
  });
  return {
    authenticationticket: ticket,
    uid: 'nobody',
    pwd: 'a password',
    lang: 'en',
    oldticket: ticket,
    trusteduserpwd: 'no password',
    username: 'nobody',
    preferedchunksize: '262144',
    uploadhandler: upload.attributes['UploadHandler'] ?? '',
    downloadhandler: download.attributes['downloadhandler'] ?? '',
    filechunk: CONTENT,
    filecontent: CONTENT,
    chunkhexcrc: upperHex(crc32(CONTENT)),
    lastchunk: 'false',
    path: '/Public/fuzz.txt',
    paths: '/Public/fuzz.txt|/Public/folder',
    folderpath: '/Public/folder',
    documentname: 'new.txt',
    versioncomment: 'a comment',
    versioncomments: 'a comment & more',
    mpversionmajor: '2',
    mpversionminor: '0',
    mpversionrevision: '1',
    xmlparameters:
      '<xmlparameters><item NAME="DESCRIPTION" VALUE="a &amp; b"/><item NAME="CHECKOUT">false</item></xmlparameters>',
    checkout: 'false',
    partialresult: 'true',
    startoffset: '0',
    chunksize: '100',
    versionnumber: '0',
  };
}

/** Documents that calls find. */
export async function furnish({ service, ticket }: Premises): Promise<void> {
  await service.call('POST', 'CreateFolder', { authenticationTicket: ticket, Path: '/Public/folder' });
  await service.call('POST', 'UploadDocument', {
    authenticationTicket: ticket,
    path: '/Public/fuzz.txt',
    fileContent: CONTENT,
  });
}

/** What takes its time on purpose, and would take all of it if it came as often as the others. */
const CHECKS_PASSWORD: ReadonlySet<string> = new Set(['AuthenticateUser', 'AuthenticateUser1', 'RenewTicket']);

/** A request of every operation over every binding, as clients make them. */
export async function makeSeeds(premises: Premises): Promise<Message[]> {
  const known = await values(premises);
  return [...loadContract().operations.values()].flatMap(({ name, parameters }) => {
    const args: Arguments = Object.fromEntries(
      parameters.map((parameter) => [parameter.name, valueOf(known, name, parameter.name)]),
    );
    return (CHECKS_PASSWORD.has(name) ? FORMS.slice(0, 2) : FORMS).map((write) => write(name, args));
  });
}

function valueOf(
  known: Readonly<Record<string, string | Buffer>>,
  operation: string,
  parameter: string,
): string | Buffer {
  /* The session must outlive its own log-out. */
  if (operation === 'LogOut') return '6f9619ff-8b86-d011-b42d-00c04fc964ff';
  const value = known[parameter.toLowerCase()];
  if (value === undefined) throw new Error(`There is no value for ${parameter}.`);
  return value;
}

/** Requests that call no operation: pages, and the addresses of those who watch. */
export const PAGES: readonly Message[] = [
  ...[
    '/srv.asmx',
    '/srv.asmx?WSDL',
    '/srv.asmx?disco',
    '/srv.asmx?op=UploadFileChunk',
    '/healthz',
    '/readyz',
    '/metrics',
    '/',
  ].map((target) => ({ method: 'GET', target, headers: [], body: Buffer.alloc(0) })),
];
