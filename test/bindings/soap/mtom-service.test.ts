import { parseContentType } from '../../../src/bindings/content-type.js';
import type { ContentReceiver } from '../../../src/bindings/payload/argument-receiver.js';
import { MultipartReader } from '../../../src/bindings/payload/multipart-reader.js';
import { toAnswer, type Answer } from '../../support/answer.js';
import { escapeXml } from '../../support/bindings.js';
import { type Caller, hexCrc32 } from '../../support/caller.js';
import { RunningService } from '../../support/running-service.js';
import { onlyElement, readXml } from '../../support/xml-element.js';

/* MTOM from end to end: requests with content in a part of its own, and answers packed as the requests were. */

const VERSIONS = [
  { name: '1.1', envelope: 'http://schemas.xmlsoap.org/soap/envelope/', type: 'text/xml' },
  { name: '1.2', envelope: 'http://www.w3.org/2003/05/soap-envelope', type: 'application/soap+xml' },
] as const;

type Version = (typeof VERSIONS)[number];

/** Full of what looks like a delimiter. */
const CONTENT = Buffer.concat([Buffer.from('\r\n--c\r\n--bb--\r\n'), Buffer.alloc(400_000, '\r\n--\0\xff')]);

let service: RunningService;
let caller: Caller;

beforeAll(async () => {
  service = await RunningService.start();
  caller = await service.logIn();
});

afterAll(() => service.end());

interface Packed {
  readonly status: number;
  readonly contentType: string;
  /** The envelope, and the parts by their Content-ID. */
  readonly envelope: string;
  readonly parts: ReadonlyMap<string, Buffer>;
}

/** Sends an envelope with parts behind it. */
async function send(
  version: Version,
  operation: string,
  args: string,
  parts: readonly [headers: string, body: Buffer][] = [],
): Promise<Packed> {
  const envelope = `<s:Envelope xmlns:s="${version.envelope}"><s:Body><${operation} xmlns="http://tempuri.org/">${args}</${operation}></s:Body></s:Envelope>`;
  const root = `--b\r\nContent-Type: application/xop+xml; charset=UTF-8; type="${version.type}"\r\nContent-ID: <root>\r\n\r\n${envelope}\r\n`;
  const written = parts.map(([headers, body]) =>
    Buffer.concat([Buffer.from(`--b\r\n${headers}\r\n\r\n`), body, Buffer.from('\r\n')]),
  );
  const response = await fetch(`${service.url}/srv.asmx`, {
    method: 'POST',
    headers: {
      'Content-Type': `multipart/related; type="application/xop+xml"; boundary=b; start="<root>"; start-info="${version.type}"`,
      SOAPAction: `"http://tempuri.org/${operation}"`,
    },
    body: Buffer.concat([Buffer.from(root), ...written, Buffer.from('--b--\r\n')]),
  });
  return unpack(response.status, response.headers.get('content-type') ?? '', Buffer.from(await response.arrayBuffer()));
}

async function unpack(status: number, contentType: string, body: Buffer): Promise<Packed> {
  const found: { id: string; pieces: Buffer[] }[] = [];
  const begin = (headers: ReadonlyMap<string, string>): ContentReceiver => {
    const part = { id: headers.get('content-id') ?? '', pieces: [] as Buffer[] };
    found.push(part);
    return { write: (bytes) => void part.pieces.push(Buffer.from(bytes)), end: () => undefined };
  };
  const reader = new MultipartReader(parseContentType(contentType).parameters.get('boundary'), { begin });
  await reader.write(body);
  reader.end();
  const [root, ...parts] = found.map(({ id, pieces }) => [id, Buffer.concat(pieces)] as const);
  return { status, contentType, envelope: String(root?.[1]), parts: new Map(parts) };
}

function resultOf({ envelope }: Packed): Answer {
  return toAnswer(onlyElement(onlyElement(onlyElement(onlyElement(readXml(envelope))))));
}

const element = (name: string, value: string): string => `<${name}>${escapeXml(value)}</${name}>`;
const include = (name: string, id: string): string =>
  `<${name}><x:Include xmlns:x="http://www.w3.org/2004/08/xop/include" href="cid:${id}"/></${name}>`;

function chunkArguments(handler: string, content: string, bytes: Buffer): string {
  return (
    element('authenticationTicket', caller.ticket) +
    element('uploadHandler', handler) +
    content +
    element('chunkHEXCRC', hexCrc32(bytes)) +
    element('lastChunk', 'true')
  );
}

describe.each(VERSIONS)('Over MTOM, SOAP $name', (version) => {
  const path = `/Public/mtom ${version.name}.bin`;

  test('a chunk goes up in a part of its own, and comes down in one', async () => {
    const handler = await caller.openUpload();
    const sent = await send(
      version,
      'UploadFileChunk',
      chunkArguments(handler, include('fileChunk', 'c%40x'), CONTENT),
      [
        ['Content-ID: <other@x>', Buffer.from('a part nobody names')],
        ['Content-Transfer-Encoding: binary\r\nContent-ID: <c@x>', CONTENT],
      ],
    );
    expect(sent.status).toBe(200);
    expect(Object.fromEntries(resultOf(sent).attributes)).toMatchObject({ success: 'true', tryagain: 'false' });
    await caller.commit(handler, path);

    const download = await caller.openDownload(path);
    const args = element('authenticationTicket', caller.ticket) + element('DownloadHandler', download);
    const received = await send(version, 'DownloadFileChunk', args);
    expect(received.contentType).toMatch(/^multipart\/related; type="application\/xop\+xml"; /);
    expect(received.envelope).toContain('href="cid:content@lighterage"');
    expect(received.parts.get('<content@lighterage>')?.equals(CONTENT)).toBe(true);
    expect((await caller.download(path)).equals(CONTENT)).toBe(true);
  });

  test('a small chunk may stand in the envelope', async () => {
    const handler = await caller.openUpload();
    const inline = element('fileChunk', Buffer.from('abc').toString('base64'));
    const sent = await send(version, 'UploadFileChunk', chunkArguments(handler, inline, Buffer.from('abc')));
    expect(Object.fromEntries(resultOf(sent).attributes)).toMatchObject({ success: 'true', filehexcrc: '352441C2' });
  });

  test('bytes as a result come in a part of their own', async () => {
    await caller.store(`${path}.txt`, CONTENT);
    const args = element('authenticationTicket', caller.ticket) + element('Path', `${path}.txt`);
    const received = await send(version, 'DownloadDocument', args);
    expect([...received.parts.values()].map((part) => part.equals(CONTENT))).toEqual([true]);
  });

  test('a part that is damaged is not appended, and can be sent again', async () => {
    const handler = await caller.openUpload();
    const args = chunkArguments(handler, include('fileChunk', 'c'), CONTENT);
    const damaged = Buffer.from(CONTENT).fill('x', 1000, 1001);
    const first = await send(version, 'UploadFileChunk', args, [['Content-ID: <c>', damaged]]);
    expect(Object.fromEntries(resultOf(first).attributes)).toMatchObject({ success: 'false', tryagain: 'true' });
    const again = await send(version, 'UploadFileChunk', args, [['Content-ID: <c>', CONTENT]]);
    expect(Object.fromEntries(resultOf(again).attributes)).toMatchObject({
      success: 'true',
      filehexcrc: hexCrc32(CONTENT),
    });
  });

  test.each<[what: string, parts: [string, Buffer][], reason: RegExp]>([
    ['that did not come', [], /includes a part c that did not come/],
    [
      'in base64',
      [['Content-Transfer-Encoding: base64\r\nContent-ID: <c>', Buffer.from('YWJj')]],
      /must not be encoded as base64/,
    ],
  ])('a part %s is a fault, and the handler takes another chunk', async (_what, parts, reason) => {
    const handler = await caller.openUpload();
    const answered = await send(
      version,
      'UploadFileChunk',
      chunkArguments(handler, include('fileChunk', 'c'), CONTENT),
      parts,
    );
    expect(answered.status).toBe(400);
    expect(answered.envelope).toMatch(reason);
    expect(answered.envelope).toContain(`xmlns:soap="${version.envelope}"`);
    expect(Object.fromEntries((await caller.sendChunk(handler, CONTENT)).attributes)).toMatchObject({
      success: 'true',
    });
  });
});
