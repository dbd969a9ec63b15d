/** The short workflow with node-soap as a client; BINDING is the port. */
import { readFile } from 'node:fs/promises';
import { crc32 } from 'node:zlib';
import { createClientAsync } from 'soap';

/** An answer's element: its attributes, and its text when it has any. */
interface Answer {
  readonly attributes: Readonly<Record<string, string>>;
  readonly $value?: string;
}

type Arguments = Readonly<Record<string, string | number | boolean>>;

const chunkSize = 262144;
const folder = setting('FOLDER');
const document = `${folder}/cargo.bin`;
const content = await readFile(setting('FILE'));
const soap12 = setting('BINDING') === 'srvSoap12';
const client = await createClientAsync(`${setting('URL')}?WSDL`, { forceSoap12Headers: soap12 });
let ticket = '';
let upload = '';
let received = Buffer.alloc(0);

await step('logs in', async () => {
  const { attributes } = await call('AuthenticateUser', { UID: setting('USER'), PWD: setting('PASSWORD') });
  equal({ success: 'true', username: setting('USER') }, attributes);
  ticket = attributes['ticket'] ?? '';
});
await step('makes a folder', async () => {
  const { attributes } = await call('CreateFolder', { authenticationTicket: ticket, Path: folder });
  equal({ success: 'true', FolderName: folder.slice('/Public/'.length) }, attributes);
});
await step('is told to try a chunk with a wrong CRC again', async () => {
  const { attributes } = await openUpload();
  equal({ success: 'true', ChunkSize: '262144' }, attributes);
  upload = attributes['UploadHandler'] ?? '';
  equal({ success: 'false', tryagain: 'true' }, await send(content.subarray(0, chunkSize), '0BADC0DE', false));
});
await step('sends a file in chunks', async () => {
  let attributes: Answer['attributes'] = {};
  for (let offset = 0; offset < content.length; offset += chunkSize) {
    const chunk = content.subarray(offset, offset + chunkSize);
    attributes = await send(chunk, crc32(chunk).toString(16), offset + chunk.length === content.length);
    equal({ success: 'true', tryagain: 'false' }, attributes);
  }
  equal({ filehexcrc: crc32(content).toString(16).toUpperCase() }, attributes);
});
await step('commits it', async () => {
  const { attributes } = await call('UploadDocumentWithHandler', {
    authenticationTicket: ticket,
    path: document,
    uploadHandler: upload,
  });
  equal({ success: 'true', VersionId: '1000000' }, attributes);
});
await step('reads it in chunks with the right CRCs', async () => {
  const { attributes: opened } = await openDownload(document);
  equal({ success: 'true', Size: String(content.length), CRC32: hexCrc32(content) }, opened);
  for (let last = false; !last;) {
    const { attributes, $value } = await call('DownloadFileChunk', {
      authenticationTicket: ticket,
      DownloadHandler: opened['downloadhandler'] ?? '',
      StartOffset: received.length,
      ChunkSize: chunkSize,
    });
    const chunk = Buffer.from($value ?? '', 'base64');
    equal({ success: 'true', chunklength: String(chunk.length), chunkCRC32: hexCrc32(chunk) }, attributes);
    received = Buffer.concat([received, chunk]);
    last = attributes['lastchunk'] === 'true';
  }
});
await step('has the bytes it sent', () => same(received));
await step('reads it in one call', async () => {
  const result = await invoke('DownloadDocument', { authenticationTicket: ticket, Path: document });
  same(Buffer.from(String(result), 'base64'));
});
await step('is told that a document is missing', async () => {
  const { attributes } = await openDownload(`${folder}/nothing.bin`);
  equal({ success: 'false', error: 'Document not found.' }, attributes);
});
await step('reads a fault', async () => {
  const prefix = 'xmlns:i="urn:lighterage:interop"';
  client.addSoapHeader(`<i:Insurance ${prefix} soap:mustUnderstand="${soap12 ? 'true' : '1'}">all</i:Insurance>`);
  try {
    await openUpload();
  } catch (error) {
    if (!String(error).includes('SOAP header Insurance was not understood.')) throw error;
    return;
  } finally {
    client.clearSoapHeaders();
  }
  throw new Error('a header that must be understood was passed over');
});
await step('logs out, and the ticket is dead', async () => {
  equal({ success: 'true' }, (await call('LogOut', { AuthenticationTicket: ticket })).attributes);
  equal({ error: '[901] Session expired or Invalid ticket' }, (await openUpload()).attributes);
});

function openUpload(): Promise<Answer> {
  return call('CreateUploadHandler', { authenticationTicket: ticket, PreferedChunkSize: 1 });
}

async function send(chunk: Buffer, crc: string, last: boolean): Promise<Answer['attributes']> {
  const carried = { fileChunk: chunk.toString('base64'), chunkHEXCRC: crc, lastChunk: last };
  return (await call('UploadFileChunk', { authenticationTicket: ticket, uploadHandler: upload, ...carried }))
    .attributes;
}

function openDownload(path: string): Promise<Answer> {
  return call('GetDownloadHandler', { AuthenticationTicket: ticket, Path: path, PreferedChunkSize: 1 });
}

/** Calls an operation whose result has one element, and gives that. */
async function call(operation: string, argumentsOfIt: Arguments): Promise<Answer> {
  const [answer] = Object.values((await invoke(operation, argumentsOfIt)) as Record<string, Answer>);
  if (answer === undefined) throw new Error('the result is empty');
  return answer;
}

async function invoke(operation: string, argumentsOfIt: Arguments): Promise<unknown> {
  const method = client[`${operation}Async`] as (argumentsOfIt: Arguments) => Promise<[Record<string, unknown>]>;
  const [response] = await method(argumentsOfIt);
  return response[`${operation}Result`];
}

function setting(name: string): string {
  return process.env[`INTEROP_${name}`] ?? '';
}

async function step(name: string, act: () => Promise<void> | void): Promise<void> {
  try {
    await act();
    console.log(`ok: ${name}`);
  } catch (error) {
    console.log(`not ok: ${name}: ${String(error).replaceAll('\n', ' ')}`);
  }
}

function equal(expected: Readonly<Record<string, string>>, actual: Answer['attributes']): void {
  for (const [name, value] of Object.entries(expected)) {
    if (actual[name] !== value) throw new Error(`${name} should be '${value}' and is '${actual[name] ?? '(none)'}'`);
  }
}

function same(bytes: Buffer): void {
  if (!bytes.equals(content)) throw new Error(`the ${bytes.length} bytes are not the ${content.length} that were sent`);
}

function hexCrc32(bytes: Buffer): string {
  return crc32(bytes).toString(16).padStart(8, '0');
}
