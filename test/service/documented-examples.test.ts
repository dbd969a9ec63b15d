import { type Answer, answer, GUID, textIn, valueOf } from '../support/answer.js';
import { GET, type HttpAnswer, type HttpRequest, POST, send, SOAP_11 } from '../support/bindings.js';
import { type Caller, hexCrc32 } from '../support/caller.js';
import { forgeCrc32 } from '../support/forged-crc32.js';
import { RunningService } from '../support/running-service.js';

/* The requests that the documentation of the interface prints, with a ticket and a handler that are real. */

let service: RunningService;
let anna: Caller;

/** The document of the examples, with what the printed answer says about it: its size and its checksum too. */
const REPORT = forgeCrc32(Buffer.alloc(2_097_148, '%PDF-1.7 '), 0xa3f1c29d);

beforeAll(async () => {
  service = await RunningService.start();
  await service.addUsers('anna');
  await service.command(['library', 'add', 'Finance', '--everyone', 'write']);
  anna = await service.trust('anna');
  await anna.createFolder('/Finance/Reports');
  await anna.call('UploadNewDocumentWidthHandler', {
    folderPath: '/Finance/Reports',
    documentName: 'Q1-Report.pdf',
    uploadHandler: await anna.upload(REPORT),
    xmlParameters: '<xmlparameters><item NAME="MODIFICATIONDATE" VALUE="2024-06-15"/></xmlparameters>',
  });
});

afterAll(() => service.end());

const PRINTED_TICKET = '3f2504e0-4f89-11d3-9a0c-0305e82c3301';
const PRINTED_HANDLER = 'a1b2c3d4-e5f6-7890-abcd-ef1234567890';

/** A printed request with the ticket of Anna and a handler in the places of those that are printed. */
function filledIn(printed: string, handler: string): string {
  return printed.replaceAll(PRINTED_TICKET, anna.ticket).replaceAll(PRINTED_HANDLER, handler);
}

/** An HTTP request as it is printed: the request line is broken before `?` and `&`; headers; the body. */
function readPrinted(printed: string): HttpRequest {
  const [line = '', rest = ''] = printed.trim().split(/[ \n]HTTP\/1\.1\n?/);
  const [method = '', ...target] = line.split(/[ \n]/);
  const [, head = '', body] = /^((?:[A-Za-z-]+: .*\n)*)([^]*)$/.exec(rest) ?? [];
  const headers = head
    .split('\n')
    .filter(Boolean)
    .map((field) => field.split(': ') as [string, string]);
  return {
    method: method === 'GET' ? 'GET' : 'POST',
    path: target.join(''),
    headers: Object.fromEntries(headers),
    body: method === 'GET' ? undefined : body,
  };
}

/** A printed envelope, as a SOAP 1.1 request with the printed SOAP action. */
function soapRequest(operation: string, envelope: string): HttpRequest {
  const headers = { 'Content-Type': 'text/xml; charset=utf-8', SOAPAction: `http://tempuri.org/${operation}` };
  return { method: 'POST', path: '/srv.asmx', headers, body: envelope.trim() };
}

/** An operation with its printed requests. */
interface Example {
  readonly operation: string;
  readonly get: string;
  readonly post: string;
  readonly soap: string;
  /** The handler that goes into the request. */
  readonly handler: () => Promise<string>;
  readonly answer: Answer;
}

const EXAMPLES: readonly Example[] = [
  {
    operation: 'CreateUploadHandler',
    get: `
GET /srv.asmx/CreateUploadHandler
?authenticationTicket=3f2504e0-4f89-11d3-9a0c-0305e82c3301
&PreferedChunkSize=1048576
HTTP/1.1`,
    post: `
POST /srv.asmx/CreateUploadHandler HTTP/1.1
Content-Type: application/x-www-form-urlencoded
authenticationTicket=3f2504e0-4f89-11d3-9a0c-0305e82c3301
&PreferedChunkSize=1048576`,
    soap: `
<soap:Envelope xmlns:soap="http://schemas.xmlsoap.org/soap/envelope/"
xmlns:tns="http://tempuri.org/">
<soap:Body>
<tns:CreateUploadHandler>
<tns:authenticationTicket>3f2504e0-4f89-11d3-9a0c-0305e82c3301</tns:authenticationTicket>
<tns:PreferedChunkSize>1048576</tns:PreferedChunkSize>
</tns:CreateUploadHandler>
</soap:Body>
</soap:Envelope>`,
    handler: () => Promise.resolve(''),
    answer: answer('response', { success: 'true', error: '', UploadHandler: GUID, ChunkSize: '1048576' }),
  },
  {
    operation: 'DeleteUploadHandler',
    get: `
GET /srv.asmx/DeleteUploadHandler
?authenticationTicket=3f2504e0-4f89-11d3-9a0c-0305e82c3301
&UploadHandler=a1b2c3d4-e5f6-7890-abcd-ef1234567890
HTTP/1.1`,
    post: `
POST /srv.asmx/DeleteUploadHandler HTTP/1.1
Content-Type: application/x-www-form-urlencoded
authenticationTicket=3f2504e0-4f89-11d3-9a0c-0305e82c3301
&UploadHandler=a1b2c3d4-e5f6-7890-abcd-ef1234567890`,
    soap: `
<soap:Envelope xmlns:soap="http://schemas.xmlsoap.org/soap/envelope/"
xmlns:tns="http://tempuri.org/">
<soap:Body>
<tns:DeleteUploadHandler>
<tns:authenticationTicket>3f2504e0-4f89-11d3-9a0c-0305e82c3301</tns:authenticationTicket>
<tns:UploadHandler>a1b2c3d4-e5f6-7890-abcd-ef1234567890</tns:UploadHandler>
</tns:DeleteUploadHandler>
</soap:Body>
</soap:Envelope>`,
    handler: () => anna.openUpload(),
    answer: answer('response', { success: 'true', error: '' }),
  },
  {
    operation: 'GetDownloadHandler',
    get: `
GET /srv.asmx/GetDownloadHandler
?AuthenticationTicket=3f2504e0-4f89-11d3-9a0c-0305e82c3301
&Path=/Finance/Reports/Q1-Report.pdf
&PreferedChunkSize=1048576
HTTP/1.1`,
    post: `
POST /srv.asmx/GetDownloadHandler HTTP/1.1
Content-Type: application/x-www-form-urlencoded
AuthenticationTicket=3f2504e0-4f89-11d3-9a0c-0305e82c3301
&Path=/Finance/Reports/Q1-Report.pdf
&PreferedChunkSize=1048576`,
    soap: `
<soap:Envelope xmlns:soap="http://schemas.xmlsoap.org/soap/envelope/"
xmlns:tns="http://tempuri.org/">
<soap:Body>
<tns:GetDownloadHandler>
<tns:AuthenticationTicket>3f2504e0-4f89-11d3-9a0c-0305e82c3301</tns:AuthenticationTicket>
<tns:Path>/Finance/Reports/Q1-Report.pdf</tns:Path>
<tns:PreferedChunkSize>1048576</tns:PreferedChunkSize>
</tns:GetDownloadHandler>
</soap:Body>
</soap:Envelope>`,
    handler: () => Promise.resolve(''),
    answer: answer('response', {
      success: 'true',
      Size: '2097152',
      ContentType: 'application/pdf',
      ModificationDate: '2024-06-15',
      VersionNumber: '0',
      AlterDocumentName: 'Q1-Report.pdf',
      RenderedContent: 'false',
      CRC32: 'a3f1c29d',
      ChunkSize: '1048576',
      downloadhandler: GUID,
    }),
  },
  {
    operation: 'DeleteDownloadHandler',
    get: `
GET /srv.asmx/DeleteDownloadHandler
?authenticationTicket=3f2504e0-4f89-11d3-9a0c-0305e82c3301
&DownloadHandler=a1b2c3d4-e5f6-7890-abcd-ef1234567890
HTTP/1.1`,
    post: `
POST /srv.asmx/DeleteDownloadHandler HTTP/1.1
Content-Type: application/x-www-form-urlencoded
authenticationTicket=3f2504e0-4f89-11d3-9a0c-0305e82c3301
&DownloadHandler=a1b2c3d4-e5f6-7890-abcd-ef1234567890`,
    soap: `
<soap:Envelope xmlns:soap="http://schemas.xmlsoap.org/soap/envelope/"
xmlns:tns="http://tempuri.org/">
<soap:Body>
<tns:DeleteDownloadHandler>
<tns:authenticationTicket>3f2504e0-4f89-11d3-9a0c-0305e82c3301</tns:authenticationTicket>
<tns:DownloadHandler>a1b2c3d4-e5f6-7890-abcd-ef1234567890</tns:DownloadHandler>
</tns:DeleteDownloadHandler>
</soap:Body>
</soap:Envelope>`,
    handler: () => anna.openDownload('/Finance/Reports/Q1-Report.pdf'),
    answer: answer('response', { success: 'true', error: '' }),
  },
];

describe.each(EXAMPLES)(
  'The example of $operation',
  ({ answer: printedAnswer, get, handler, operation, post, soap }) => {
    const sendFilledIn = async (toRequest: (printed: string) => HttpRequest, printed: string): Promise<HttpAnswer> =>
      send(service.url, toRequest(filledIn(printed, await handler())));

    test('works as GET', async () => {
      expect(GET.read(operation, await sendFilledIn(readPrinted, get))).toEqual(printedAnswer);
    });

    test('works as POST', async () => {
      const joined = (printed: string): HttpRequest => {
        const request = readPrinted(printed);
        return { ...request, body: String(request.body).replaceAll('\n', '') };
      };
      expect(POST.read(operation, await sendFilledIn(joined, post))).toEqual(printedAnswer);
    });

    test.each([
      ['LF', '\n'],
      ['CR LF', '\r\n'],
    ])('works as POST with its line breaks sent along as %s', async (_name, lineBreak) => {
      const broken = (printed: string): HttpRequest => {
        const request = readPrinted(printed);
        return { ...request, body: `${String(request.body)}\n`.replaceAll('\n', lineBreak) };
      };
      expect(POST.read(operation, await sendFilledIn(broken, post))).toEqual(printedAnswer);
    });

    test('works as SOAP', async () => {
      const request = (printed: string): HttpRequest => soapRequest(operation, printed);
      expect(SOAP_11.read(operation, await sendFilledIn(request, soap))).toEqual(printedAnswer);
    });
  },
);

describe('The example of UploadFileChunk', () => {
  /** What stands for the bytes in the printed request. */
  const PLACE = '[binary chunk bytes]';

  const PRINTED = `
POST /srv.asmx/UploadFileChunk HTTP/1.1
Content-Type: multipart/form-data; boundary=----FormBoundary
------FormBoundary
Content-Disposition: form-data; name="authenticationTicket"

3f2504e0-4f89-11d3-9a0c-0305e82c3301
------FormBoundary
Content-Disposition: form-data; name="uploadHandler"

a1b2c3d4-e5f6-7890-abcd-ef1234567890
------FormBoundary
Content-Disposition: form-data; name="fileChunk"; filename="chunk"
Content-Type: application/octet-stream

[binary chunk bytes]
------FormBoundary
Content-Disposition: form-data; name="chunkHEXCRC"

A3F2B1C0
------FormBoundary
Content-Disposition: form-data; name="lastChunk"

false
------FormBoundary--
`;

  const everyByte = Buffer.from(Array.from({ length: 256 }, (_, n) => n));

  /** Raw bytes with the printed checksum, among them some that look like parts of the form. */
  const CHUNK = forgeCrc32(
    Buffer.concat([everyByte, Buffer.from('\r\n------FormBound\r\n\r\n------FormBoundar\r\n--\r\n'), everyByte]),
    0xa3f2b1c0,
  );

  test('has bytes with the printed checksum here', () => {
    expect(hexCrc32(CHUNK)).toBe('A3F2B1C0');
  });

  /** The printed request with raw bytes in their place. */
  function withChunk(handler: string, chunk: Buffer): HttpRequest {
    const { body, ...request } = readPrinted(filledIn(PRINTED, handler));
    const [before = '', after = ''] = String(body).replaceAll('\n', '\r\n').split(PLACE);
    return { ...request, body: Buffer.concat([Buffer.from(before), chunk, Buffer.from(after)]) };
  }

  test('works as multipart with its raw binary part', async () => {
    const handler = await anna.openUpload();
    expect(POST.read('UploadFileChunk', await send(service.url, withChunk(handler, CHUNK)))).toEqual(
      answer('root', { success: 'true', tryagain: 'false' }),
    );
    const last = Buffer.from('the last chunk');
    await anna.sendChunk(handler, last, { isLast: true });
    await anna.commit(handler, '/Public/as printed.bin');
    expect(await anna.download('/Public/as printed.bin')).toEqual(Buffer.concat([CHUNK, last]));
  });

  test('tells when the bytes are not those of the printed checksum', async () => {
    const damaged = Buffer.from(CHUNK);
    damaged[100] = 0;
    const handler = await anna.openUpload();
    const answered = POST.read('UploadFileChunk', await send(service.url, withChunk(handler, damaged)));
    expect([valueOf(answered, 'success'), valueOf(answered, 'tryagain')]).toEqual(['false', 'true']);
  });
});

describe('The documented workflows', () => {
  test('upload: create a handler, send the chunks, commit; and delete when it is cancelled', async () => {
    const opened = await anna.call('CreateUploadHandler', { PreferedChunkSize: 0 });
    const [handler, size] = [valueOf(opened, 'UploadHandler'), Number(valueOf(opened, 'ChunkSize'))];
    for (let offset = 0; offset < REPORT.length; offset += size) {
      const bytes = REPORT.subarray(offset, offset + size);
      const sent = await anna.sendChunk(handler, bytes, { isLast: offset + size >= REPORT.length });
      expect(valueOf(sent, 'tryagain')).toBe('false');
    }
    expect(valueOf(await anna.commit(handler, '/Finance/Reports/Q1-Copy.pdf'), 'success')).toBe('true');
    const info = await anna.call('GetDownloadInfo', { Path: '/Finance/Reports/Q1-Copy.pdf' });
    expect([valueOf(info, 'Size'), valueOf(info, 'CRC32')]).toEqual(['2097152', 'a3f1c29d']);

    const cancelled = await anna.openUpload();
    await anna.sendChunk(cancelled, Buffer.from('never to be a document'));
    expect(await anna.call('DeleteUploadHandler', { UploadHandler: cancelled })).toEqual(
      answer('response', { success: 'true', error: '' }),
    );
  });

  /* The loop is printed without a ticket: it is in the cookie then. */
  test('download: get a handler, read until the last chunk, delete the handler', async () => {
    const get = async (operation: string, query: string): Promise<Answer> => {
      const headers = { Cookie: `ticket=${anna.ticket}` };
      const request = { method: 'GET', path: `/srv.asmx/${operation}?${query}`, headers } as const;
      return GET.read(operation, await send(service.url, request));
    };
    const response = await get('GetDownloadHandler', 'Path=/Finance/Reports/Q1-Report.pdf&PreferedChunkSize=524288');
    const [handler, chunkSize] = [valueOf(response, 'downloadhandler'), valueOf(response, 'ChunkSize')];
    const pieces: Buffer[] = [];
    for (let offset = 0; ;) {
      const chunk = await get(
        'DownloadFileChunk',
        `DownloadHandler=${handler}&StartOffset=${offset}&ChunkSize=${chunkSize}`,
      );
      pieces.push(Buffer.from(textIn(chunk), 'base64'));
      offset += Number(valueOf(chunk, 'chunklength'));
      if (valueOf(chunk, 'lastchunk') === 'true') break;
    }
    expect(await get('DeleteDownloadHandler', `DownloadHandler=${handler}`)).toEqual(
      answer('response', { success: 'true', error: '' }),
    );
    expect(pieces.length).toBe(4);
    expect(Buffer.concat(pieces).equals(REPORT)).toBe(true);
  });
});
