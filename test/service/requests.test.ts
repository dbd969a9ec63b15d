import { once } from 'node:events';
import http from 'node:http';
import { text } from 'node:stream/consumers';
import zlib from 'node:zlib';
import { newGuid } from '../../src/values/guid.js';
import { type Answer, answer, matching, NUMBER, refused, valueOf } from '../support/answer.js';
import {
  type Arguments,
  type Binding,
  BINDINGS,
  escapeXml,
  GET,
  type HttpAnswer,
  MULTIPART,
  POST,
  send,
  SOAP_11,
  SOAP_12,
} from '../support/bindings.js';
import { call, type Caller, exchange, hexCrc32 } from '../support/caller.js';
import { RunningService } from '../support/running-service.js';

/* What a request may look like, over every binding: its parameters, its ticket, its length. */

const MIB = 1024 * 1024;

let service: RunningService;
let anna: Caller;
let bert: Caller;

beforeAll(async () => {
  service = await RunningService.start({ maxDocumentSize: '2MiB' });
  await service.addUsers('anna', 'bert');
  anna = await service.trust('anna');
  bert = await service.trust('bert');
});

afterAll(() => service.end());

const BYTES = Buffer.from([0xfb, 0xff, 0xfe, 0x0d, 0x0a, 0x2d, 0x2d]);
const CHUNK = { fileChunk: BYTES, chunkHEXCRC: hexCrc32(BYTES), lastChunk: true };
const TAKEN = answer('root', { success: 'true', tryagain: 'false' });
const TAKEN_LAST = answer('root', { success: 'true', tryagain: 'false', filehexcrc: matching(/^[0-9A-F]+$/) });
const STORED = answer('root', { success: 'true', DocumentId: NUMBER, VersionId: '1000000' });

let documents = 0;
/** A path that nothing has. */
const newPath = (): string => `/Public/document ${++documents}.txt`;

/** Parts of an answer, for calls that are about one part. */
const attributesOf = (answered: Answer, ...names: string[]): string[] => names.map((name) => valueOf(answered, name));

describe.each(BINDINGS)('Over $name', (binding) => {
  const calling = (operation: string, args: Arguments, headers: Record<string, string> = {}): Promise<Answer> =>
    call(service, binding, operation, args, { headers });
  const callingAsAnna = (operation: string, args: Arguments): Promise<Answer> =>
    anna.over(binding).call(operation, args);

  describe('a parameter that is left out has its default:', () => {
    test('the preferred chunk size is 0, which is the default', async () => {
      const opened = await callingAsAnna('CreateUploadHandler', {});
      expect(valueOf(opened, 'ChunkSize')).toBe('1048576');
    });

    test('a chunk is not the last', async () => {
      const { chunkHEXCRC, fileChunk } = CHUNK;
      const chunk = { uploadHandler: await anna.openUpload(), fileChunk, chunkHEXCRC };
      expect(await callingAsAnna('UploadFileChunk', chunk)).toEqual(TAKEN);
    });

    test('a chunk has no content', async () => {
      const chunk = { uploadHandler: await anna.openUpload(), chunkHEXCRC: '0', lastChunk: true };
      expect(await callingAsAnna('UploadFileChunk', chunk)).toEqual(
        answer('root', { success: 'true', tryagain: 'false', filehexcrc: '0' }),
      );
    });

    test('a chunk has no checksum, which is an error', async () => {
      const chunk = { uploadHandler: await anna.openUpload(), fileChunk: BYTES, lastChunk: true };
      expect(await callingAsAnna('UploadFileChunk', chunk)).toEqual(
        answer('root', { success: 'false', tryagain: 'false', error: matching(/CRC32/) }),
      );
    });

    test('a document has no content, and it is not checked out', async () => {
      const path = newPath();
      expect(await callingAsAnna('UploadDocument3', { path })).toEqual(STORED);
      expect(valueOf(await callingAsAnna('GetDownloadInfo', { Path: path }), 'Size')).toBe('0');
      expect(valueOf(await bert.call('UploadDocument', { path, fileContent: BYTES }), 'success')).toBe('true');
    });

    test('a version number is 0, which is the latest; a chunk of a download starts at 0 and has the default size', async () => {
      const path = newPath();
      await anna.store(path, BYTES);
      const opened = await callingAsAnna('GetDownloadHandlerByVersion', { Path: path });
      expect(attributesOf(opened, 'VersionNumber', 'ChunkSize')).toEqual(['0', '1048576']);
      const read = await callingAsAnna('DownloadFileChunk', { DownloadHandler: valueOf(opened, 'downloadhandler') });
      expect(read.children).toEqual([BYTES.toString('base64')]);
    });

    test('a zip is strict', async () => {
      await anna.store('/Public/there.txt', BYTES);
      expect(
        await callingAsAnna('DownloadZipWithHandler', { Paths: '/Public/there.txt|/Public/not there.txt' }),
      ).toEqual(refused('Response', matching(/Document not found\./)));
    });
  });

  test.each([
    ['upper case', (name: string) => name.toUpperCase()],
    ['lower case', (name: string) => name.toLowerCase()],
    ['the spelling of older revisions', (name: string) => name.slice(0, 1).toUpperCase() + name.slice(1)],
  ])('names of parameters may be in %s', async (_spelling, spell) => {
    const spelled = (args: Arguments): Arguments =>
      Object.fromEntries(Object.entries(args).map(([name, value]) => [spell(name), value]));
    const authenticationTicket = anna.ticket;
    const opened = await calling('CreateUploadHandler', spelled({ authenticationTicket, PreferedChunkSize: 300_000 }));
    expect(valueOf(opened, 'ChunkSize')).toBe('300000');
    const uploadHandler = valueOf(opened, 'UploadHandler');
    expect(await calling('UploadFileChunk', spelled({ authenticationTicket, uploadHandler, ...CHUNK }))).toEqual(
      TAKEN_LAST,
    );
    const path = newPath();
    expect(await calling('UploadDocumentWithHandler', spelled({ authenticationTicket, path, uploadHandler }))).toEqual(
      STORED,
    );
    const found = await calling('DocumentExists', spelled({ authenticationTicket, Path: path }));
    expect(valueOf(found, 'success')).toBe('true');
  });

  test('the address may be a whole URL', async () => {
    const args = { AuthenticationTicket: anna.ticket };
    const { body, headers, method, path } = await binding.request('isValidTicket', args);
    const request = http.request(service.url, { method, headers, path: service.url + path }).end(body);
    const [response] = (await once(request, 'response')) as [http.IncomingMessage];
    expect(await text(response)).toContain(' username="anna"');
  });

  test('parameters that the operation does not have are ignored', async () => {
    const args = { unknown: 'x', AuthenticationTicket: anna.ticket, another: '<>' };
    expect(valueOf(await calling('isValidTicket', args), 'username')).toBe('anna');
  });

  test.each([
    ['true', true],
    ['TRUE', true],
    ['True', true],
    ['1', true],
    ['false', false],
    ['FALSE', false],
    ['False', false],
    ['0', false],
  ])('the boolean %s is read', async (lastChunk, isLast) => {
    const chunk = { ...CHUNK, lastChunk, uploadHandler: await anna.openUpload() };
    expect(await callingAsAnna('UploadFileChunk', chunk)).toEqual(isLast ? TAKEN_LAST : TAKEN);
  });

  test.each([
    [
      'a number that is none',
      'CreateUploadHandler',
      { PreferedChunkSize: 'many' },
      'Input string was not in a correct format.',
    ],
    ['an empty number', 'CreateUploadHandler', { PreferedChunkSize: '' }, 'Input string was not in a correct format.'],
    [
      'a number that is too large',
      'CreateUploadHandler',
      { PreferedChunkSize: '2147483648' },
      'Value was either too large or too small for an Int32.',
    ],
    ['a boolean that is none', 'UploadFileChunk', { lastChunk: 'maybe' }, 'a valid Boolean'],
  ])('%s is an error of the protocol', async (_what, operation, args, text) => {
    const answered = await exchange(service, binding, operation, { authenticationTicket: anna.ticket, ...args });
    expect(answered.status).toBe(500);
    expect(answered.body.toString()).toContain(text);
  });

  describe('the ticket of a cookie', () => {
    const valid = (headers: Record<string, string>, args: Arguments = {}): Promise<Answer> =>
      calling('isValidTicket', args, headers);
    const cookie = (): Record<string, string> => ({ Cookie: `before=1; ticket=${anna.ticket}; after=2` });

    test.each([
      ['the parameter is absent', {}],
      ['the parameter is empty', { AuthenticationTicket: '' }],
    ])('counts when %s', async (_when, args) => {
      expect(valueOf(await valid(cookie(), args), 'username')).toBe('anna');
    });

    test('does not count beside that of the parameter', async () => {
      const AuthenticationTicket = '3f2504e0-4f89-11d3-9a0c-0305e82c3301';
      expect(await valid(cookie(), { AuthenticationTicket })).toEqual(
        refused('root', '[901] Session expired or Invalid ticket'),
      );
    });

    test('lets content through', async () => {
      const uploadHandler = await anna.openUpload();
      expect(await calling('UploadFileChunk', { uploadHandler, ...CHUNK }, cookie())).toEqual(TAKEN_LAST);
    });

    /** Whether an operation that changes something is carried out. */
    const creates = async (headers: Record<string, string>): Promise<boolean> => {
      const Path = `/Public/${newGuid()}`;
      return valueOf(await calling('CreateFolder', { Path }, { ...cookie(), ...headers }), 'success') === 'true';
    };
    const reads = async (headers: Record<string, string>): Promise<boolean> => {
      return valueOf(await valid({ ...cookie(), ...headers }), 'success') === 'true';
    };
    const BROWSER = 'Mozilla/5.0 (X11; Linux x86_64; rv:109.0) Gecko/20100101 Firefox/115.0';

    test.each<[string, () => Record<string, string>]>([
      ['a page of the same origin', () => ({ 'Sec-Fetch-Site': 'same-origin', 'User-Agent': BROWSER })],
      ['a page of the same origin in an older browser', () => ({ Origin: service.url, 'User-Agent': BROWSER })],
      ['one that tells where it is only', () => ({ Referer: `${service.url}/a?b`, 'User-Agent': BROWSER })],
      ['a program', () => ({ 'User-Agent': 'curl/7.88.1' })],
      ['a program without a name', () => ({ 'User-Agent': '' })],
      [
        'a proxy made by wsdl.exe',
        () => ({ 'User-Agent': 'Mozilla/4.0 (compatible; MSIE 6.0; MS Web Services Client Protocol 4.0.30319.42000)' }),
      ],
      ["a program that uses Delphi's Indy", () => ({ 'User-Agent': 'Mozilla/3.0 (compatible; Indy Library)' })],
      [
        'a script of PowerShell',
        () => ({ 'User-Agent': 'Mozilla/5.0 (Windows NT; Windows NT 10.0; en-US) WindowsPowerShell/5.1.19041.1' }),
      ],
    ])('counts for %s', async (_who, headers) => {
      expect([await reads(headers()), await creates(headers())]).toEqual([true, true]);
    });

    test.each<[string, Record<string, string>]>([
      ['a person who typed the address, or followed a link in a mail', { 'Sec-Fetch-Site': 'none' }],
      ['a browser that does not say where it was', { 'User-Agent': BROWSER }],
    ])('counts for what changes nothing only, for %s', async (_who, headers) => {
      expect([await reads(headers), await creates(headers)]).toEqual([true, false]);
    });

    test.each<[string, () => Record<string, string>]>([
      ['a page of another site', () => ({ 'Sec-Fetch-Site': 'cross-site' })],
      ['a page of another host of the site', () => ({ 'Sec-Fetch-Site': 'same-site' })],
      ['two claims at once', () => ({ 'Sec-Fetch-Site': 'same-origin, cross-site' })],
      ['a page of another site in an older browser', () => ({ Origin: 'https://elsewhere.example' })],
      ['a page of another site that sends no Origin', () => ({ Referer: 'http://elsewhere.example/a' })],
      ['a page of no origin', () => ({ Origin: 'null' })],
      ['a page of the same host and another scheme', () => ({ Origin: service.url.replace('http:', 'https:') })],
      ['a page of another port', () => ({ Origin: 'http://127.0.0.1:1' })],
    ])('does not count for %s', async (_who, headers) => {
      expect(await valid({ ...cookie(), ...headers() })).toEqual(refused('root', '[900] Authentication failed'));
      expect(await creates(headers())).toBe(false);
    });
  });

  test.each([
    ['gzip', zlib.gzipSync],
    ['deflate', zlib.deflateSync],
  ])('the body may be compressed by %s', async (coding, compress) => {
    const uploadHandler = await anna.openUpload();
    const args = { authenticationTicket: anna.ticket, uploadHandler, ...CHUNK };
    const request = await binding.request('UploadFileChunk', args);
    /* A GET has no body that could be. */
    const headers = { ...request.headers, ...(request.body === undefined ? {} : { 'Content-Encoding': coding }) };
    const body = request.body === undefined ? undefined : compress(request.body);
    expect(binding.read('UploadFileChunk', await send(service.url, { ...request, headers, body }))).toEqual(TAKEN_LAST);
  });
});

test.each(['999.999.999.999', 'a:99999'])('A cookie does not count where the Host is none: %s', async (host) => {
  const headers = { Host: host, Origin: service.url, Cookie: `ticket=${anna.ticket}` };
  const request = http.get(`${service.url}/srv.asmx/isValidTicket`, { headers });
  const [response] = (await once(request, 'response')) as [http.IncomingMessage];
  expect(await text(response)).toContain('error="[900] Authentication failed"');
});

const SOAP_BINDINGS = [SOAP_11, SOAP_12];

describe.each(SOAP_BINDINGS)('Over $name', (binding) => {
  test('arguments may be in no namespace', async () => {
    const uploadHandler = await anna.openUpload();
    const args = { authenticationTicket: anna.ticket, uploadHandler, ...CHUNK };
    const request = await binding.request('UploadFileChunk', args);
    const body = String(request.body)
      .replace('<UploadFileChunk xmlns=', '<p:UploadFileChunk xmlns:p=')
      .replace('</UploadFileChunk>', '</p:UploadFileChunk>');
    expect(binding.read('UploadFileChunk', await send(service.url, { ...request, body }))).toEqual(TAKEN_LAST);
  });
});

describe('Content as text', () => {
  test.each([
    ['GET', GET],
    ['POST', POST],
  ])('over %s may have its plus signs unescaped', async (_name, binding) => {
    const args = { authenticationTicket: anna.ticket, uploadHandler: await anna.openUpload(), ...CHUNK };
    const base64 = BYTES.toString('base64');
    expect(base64).toContain('+');
    const written = new URLSearchParams({ fileChunk: base64 }).toString().slice('fileChunk='.length);
    const unescape = (text: string): string => text.replace(written, written.replaceAll('%2B', '+'));
    const request = await binding.request('UploadFileChunk', args);
    const answered = await send(service.url, {
      ...request,
      path: unescape(request.path),
      body: request.body === undefined ? undefined : unescape(String(request.body)),
    });
    expect(binding.read('UploadFileChunk', answered)).toEqual(TAKEN_LAST);
  });

  test.each([
    ['GET', 'base64 and a number', 'fileChunk=QUJDREVGR0hJSktM&fileChunk=65'],
    ['GET', 'a number and base64', 'fileChunk=65&fileChunk=QUJDREVGR0hJSktM'],
    ['POST', 'base64 and numbers', 'fileChunk=QUJDREVGR0hJSktM&fileChunk=65&fileChunk=66'],
    ['POST', 'a number and base64', 'fileChunk=65&fileChunk=QUJDREVGR0hJSktM'],
  ] as const)('over %s may not be both %s, and the next chunk is taken', async (method, _what, content) => {
    const args = { authenticationTicket: anna.ticket, uploadHandler: await anna.openUpload() };
    const text = `${new URLSearchParams(args).toString()}&${content}&chunkHEXCRC=0&lastChunk=false`;
    const path = '/srv.asmx/UploadFileChunk';
    const headers = { 'Content-Type': 'application/x-www-form-urlencoded' };
    const request =
      method === 'GET' ? { method, path: `${path}?${text}`, headers: {} } : { method, path, headers, body: text };
    const { body, status } = await send(service.url, request);
    expect([status, body.toString()]).toEqual([400, 'The parameter fileChunk comes twice.\n']);
    expect(await anna.call('UploadFileChunk', { ...args, ...CHUNK })).toEqual(TAKEN_LAST);
  });
});

describe('A request line', () => {
  /** A GET whose request line has so many bytes. */
  async function lineOf(length: number): Promise<HttpAnswer> {
    const path = newPath();
    const around = await GET.request('UploadDocument', { authenticationTicket: anna.ticket, path, fileContent: '' });
    const room = length - `GET ${around.path} HTTP/1.1`.length;
    /* Base64 comes in groups of four; what is left goes into the name of a parameter that nobody reads. */
    const filling = `${'A'.repeat(room - (room % 4) - 4)}&${'x'.repeat((room % 4) + 3)}`;
    return send(service.url, { ...around, path: around.path + filling });
  }

  test('may have 64 KiB', async () => {
    expect(GET.read('UploadDocument', await lineOf(64 * 1024))).toEqual(STORED);
  });

  test.each([64 * 1024 + 1, 90 * 1024, 100 * 1024, 1024 * 1024])('of %d bytes is too long', async (length) => {
    const { body, contentType, status } = await lineOf(length);
    expect([status, contentType]).toEqual([414, 'text/plain; charset=utf-8']);
    expect(body.toString()).toMatch(/^The request line is .*Send content with POST\.\n$/);
  });
});

describe('A message', () => {
  /** A text a little longer than a message may be. */
  const LONG = 'x'.repeat(MIB);
  const args = { authenticationTicket: 'x', Path: LONG };

  test.each([POST, MULTIPART])('over $name may have 1 MiB without its content', async (binding: Binding) => {
    const { body, contentType, status } = await exchange(service, binding, 'FolderExists', args);
    expect([status, contentType]).toEqual([413, 'text/plain; charset=utf-8']);
    expect(body.toString()).toBe('The message has more than 1048576 bytes that are not content.\n');
  });

  test.each(SOAP_BINDINGS)('over $name may have 1 MiB without its content', async (binding) => {
    const { body, status } = await exchange(service, binding, 'FolderExists', args);
    expect(status).toBe(413);
    expect(body.toString()).toContain(
      escapeXml(
        'Server was unable to read request. ---> The message is longer than 1048576 bytes without its content.',
      ),
    );
  });

  test.each([SOAP_11, SOAP_12, POST, MULTIPART])('over $name may have more with its content', async (binding) => {
    const stored = await anna
      .over(binding)
      .call('UploadDocument', { path: newPath(), fileContent: Buffer.alloc(2 * MIB) });
    expect(stored).toEqual(STORED);
  });

  test.each([SOAP_11, POST, MULTIPART])('over $name may not have more content than a document', async (binding) => {
    const path = newPath();
    const fileContent = Buffer.alloc(2 * MIB + 1);
    expect(await anna.over(binding).call('UploadDocument', { path, fileContent })).toEqual(
      refused('root', matching(/larger than 2097152 bytes/)),
    );
    expect(await anna.call('DocumentExists', { Path: path })).toEqual(refused('response', 'Document not found.'));
  });

  test.each([SOAP_11, SOAP_12, POST, MULTIPART])('over $name may have no coding that is not known', async (binding) => {
    const { body, contentType, status } = await exchange(
      service,
      binding,
      'CreateUploadHandler',
      { authenticationTicket: anna.ticket },
      { headers: { 'Content-Encoding': 'br' } },
    );
    expect([status, contentType]).toEqual([400, 'text/plain; charset=utf-8']);
    expect(body.toString()).toBe('The Content-Encoding br is not known; gzip and deflate are.\n');
  });
});
