import { randomBytes } from 'node:crypto';
import { type Answer, answer, matching, refused, valueOf } from '../support/answer.js';
import {
  type Arguments,
  type Binding,
  BINDINGS,
  MULTIPART,
  POST,
  send,
  SOAP_11,
  SOAP_12,
} from '../support/bindings.js';
import { call, type Caller, crc32, hexCrc32 } from '../support/caller.js';
import { beginChunk } from '../support/chunk-on-its-way.js';
import { RunningService } from '../support/running-service.js';

/* The rules of a chunked upload: what is taken, what is refused, and that the bytes are the same afterwards. */

let service: RunningService;
let anna: Caller;

beforeAll(async () => {
  service = await RunningService.start();
  await service.addUsers('anna', 'bert');
  anna = await service.trust('anna');
});

afterAll(async () => {
  /* After all this: every content is there and right, and there is no other. */
  await service.command(['check']);
  await service.end();
});

const HOUR_MS = 60 * 60 * 1000;
const MAX_CHUNK = 33_554_432;
const NO_UPLOAD = 'The upload handler does not exist or has expired.';
const UNKNOWN_GUID = '3f2504e0-4f89-11d3-9a0c-0305e82c3301';

const TAKEN = answer('root', { success: 'true', tryagain: 'false' });
const takenLast = (file: Buffer): Answer =>
  answer('root', { success: 'true', tryagain: 'false', filehexcrc: crc32(file).toString(16).toUpperCase() });
const notTaken = (error: string): Answer => answer('root', { success: 'false', tryagain: 'false', error });
/** Both checksums are in the text: the one the bytes have and the one that was sent. */
const tryAgain = (computed: string, claimed: string): Answer =>
  answer('root', {
    success: 'false',
    tryagain: 'true',
    error: matching(new RegExp(`(?=.*\\b0*${computed}\\b)(?=.*\\b0*${claimed}\\b)`)),
  });

let documents = 0;
/** A path that nothing has. */
const newPath = (): string => `/Public/document ${++documents}.bin`;

/** Commits a complete handler and reads the document back. */
async function committed(handler: string): Promise<Buffer> {
  const path = newPath();
  const commit = await anna.commit(handler, path);
  expect(valueOf(commit, 'success')).toBe('true');
  return anna.download(path);
}

/** Bytes whose checksum has fewer than 8 digits. */
const SMALL_CRC =
  Array.from({ length: 4096 }, (_, n) => Buffer.from(`bytes ${n}`)).find((bytes) => crc32(bytes) < 0x0100_0000) ??
  Buffer.alloc(0);

const [FIRST, SECOND, THIRD] = [
  Buffer.from('the first chunk, '),
  Buffer.from('the second, '),
  Buffer.from('the third'),
];
const FILE = Buffer.concat([FIRST, SECOND, THIRD]);
const DAMAGED = Buffer.from('the second? ');

describe('The chunk size', () => {
  test.each([
    [0, 1_048_576],
    [1, 262_144],
    [-1, 262_144],
    [-2_147_483_648, 262_144],
    [262_143, 262_144],
    [262_144, 262_144],
    [300_000, 300_000],
    [33_554_432, 33_554_432],
    [33_554_433, 33_554_432],
    [2_147_483_647, 33_554_432],
  ])('for a wish of %d is %d', async (wish, size) => {
    const opened = await anna.call('CreateUploadHandler', { PreferedChunkSize: wish });
    expect(valueOf(opened, 'ChunkSize')).toBe(String(size));
  });
});

describe.each(BINDINGS)('Over $name', (binding) => {
  const caller = (): Caller => anna.over(binding);

  test('a file goes up in chunks', async () => {
    const handler = await caller().openUpload();
    expect(await caller().sendChunk(handler, FIRST)).toEqual(TAKEN);
    expect(await caller().sendChunk(handler, SECOND)).toEqual(TAKEN);
    expect(await caller().sendChunk(handler, THIRD, { isLast: true })).toEqual(takenLast(FILE));
    expect(await committed(handler)).toEqual(FILE);
  });

  test('a chunk whose checksum is wrong is not appended and is to be sent again', async () => {
    const handler = await caller().openUpload();
    await caller().sendChunk(handler, FIRST);
    expect(await caller().sendChunk(handler, DAMAGED, { crc: hexCrc32(SECOND) })).toEqual(
      tryAgain(hexCrc32(DAMAGED), hexCrc32(SECOND)),
    );
    expect(await caller().sendChunk(handler, SECOND)).toEqual(TAKEN);
    expect(await caller().sendChunk(handler, THIRD, { isLast: true })).toEqual(takenLast(FILE));
    expect(await committed(handler)).toEqual(FILE);
  });

  test('every byte arrives as it is', async () => {
    const everyByte = Buffer.from(Array.from({ length: 256 }, (_, n) => n));
    const bytes = Buffer.concat([everyByte, randomBytes(10_001), Buffer.from('\r\n--x--\r\n&=%+</fileChunk>]]>')]);
    expect(await committed(await caller().upload(bytes.subarray(0, 5000), bytes.subarray(5000)))).toEqual(bytes);
  });
});

describe('A checksum', () => {
  const digits = crc32(SMALL_CRC).toString(16);

  test.each([
    ['upper case and padded', digits.toUpperCase().padStart(8, '0')],
    ['lower case and padded', digits.padStart(8, '0')],
    ['upper case, not padded', digits.toUpperCase()],
    ['lower case, not padded', digits],
    ['with 0x', `0x${digits.padStart(8, '0')}`],
    ['with 0X, upper case and not padded', `0X${digits.toUpperCase()}`],
  ])('may be %s', async (_form, crc) => {
    const handler = await anna.openUpload();
    expect(await anna.sendChunk(handler, SMALL_CRC, { crc, isLast: true })).toEqual(
      answer('root', { success: 'true', tryagain: 'false', filehexcrc: digits.toUpperCase() }),
    );
  });

  test('that is no number is refused, and the chunk may be sent again', async () => {
    const handler = await anna.openUpload();
    expect(await anna.sendChunk(handler, FIRST, { crc: 'CRC' })).toEqual(notTaken(matching(/CRC32/)));
    await anna.sendChunk(handler, FIRST);
    await anna.sendChunk(handler, SECOND, { isLast: true });
    expect(await committed(handler)).toEqual(Buffer.concat([FIRST, SECOND]));
  });
});

describe('After a mismatch', () => {
  let handler: string;

  beforeEach(async () => {
    handler = await anna.openUpload();
    await anna.sendChunk(handler, FIRST);
  });

  /** Sends what is left when all that came before arrived. */
  async function expectComplete(): Promise<void> {
    expect(await anna.sendChunk(handler, THIRD, { isLast: true })).toEqual(takenLast(FILE));
    expect(await committed(handler)).toEqual(FILE);
  }

  test('the next chunk in its place is refused, as often as it comes: there must be no hole in the file', async () => {
    await anna.sendChunk(handler, DAMAGED, { crc: hexCrc32(SECOND) });
    for (const isLast of [false, true, false]) {
      expect(await anna.sendChunk(handler, THIRD, { isLast })).toEqual(notTaken(matching(/sent again/)));
    }
    expect(await anna.sendChunk(handler, SECOND)).toEqual(TAKEN);
    await expectComplete();
  });

  test('the chunk is accepted with its bytes mended', async () => {
    await anna.sendChunk(handler, DAMAGED, { crc: hexCrc32(SECOND) });
    expect(await anna.sendChunk(handler, SECOND)).toEqual(TAKEN);
    await expectComplete();
  });

  test('the chunk is accepted with its checksum mended', async () => {
    await anna.sendChunk(handler, SECOND, { crc: 'DEADBEEF' });
    expect(await anna.sendChunk(handler, SECOND)).toEqual(TAKEN);
    await expectComplete();
  });

  test('the chunk may be damaged again, and otherwise', async () => {
    await anna.sendChunk(handler, DAMAGED, { crc: hexCrc32(SECOND) });
    const otherwise = Buffer.from('a longer second chunk, and another one at that');
    expect(await anna.sendChunk(handler, otherwise, { crc: hexCrc32(SECOND) })).toEqual(
      tryAgain(hexCrc32(otherwise), hexCrc32(SECOND)),
    );
    expect(await anna.sendChunk(handler, SECOND)).toEqual(TAKEN);
    await expectComplete();
  });

  test('of the last chunk the upload is not complete', async () => {
    await anna.sendChunk(handler, DAMAGED, { crc: hexCrc32(SECOND), isLast: true });
    expect(await anna.commit(handler, newPath())).toEqual(refused('root', matching(/not complete/)));
    expect(await anna.sendChunk(handler, SECOND, { isLast: true })).toEqual(takenLast(Buffer.concat([FIRST, SECOND])));
  });
});

test('Of a chunk that arrived damaged and too long nothing is left behind the last', async () => {
  const handler = await anna.openUpload();
  const bytes = Buffer.from('the end');
  const damaged = await anna.sendChunk(handler, Buffer.alloc(100_000, 'x'), { crc: hexCrc32(bytes), isLast: true });
  expect(valueOf(damaged, 'tryagain')).toBe('true');
  await anna.sendChunk(handler, bytes, { isLast: true });
  expect(await service.command(['check'])).toBe('All content is there and right, and there is no other.\n');
  await anna.commit(handler, '/Public/cut.txt');
  expect(await anna.download('/Public/cut.txt')).toEqual(bytes);
  expect(await service.command(['check'])).toBe('All content is there and right, and there is no other.\n');
});

describe('After the last chunk', () => {
  let handler: string;

  beforeEach(async () => {
    handler = await anna.upload(FIRST, SECOND, THIRD);
  });

  test('the same one again is answered as before', async () => {
    for (let again = 0; again < 2; again++) {
      expect(await anna.sendChunk(handler, THIRD, { isLast: true })).toEqual(takenLast(FILE));
    }
    expect(await committed(handler)).toEqual(FILE);
  });

  test.each([
    ['another last one', FIRST, { isLast: true }],
    ['an empty one', Buffer.alloc(0), { isLast: true }],
    ['the same one, but not as the last', THIRD, { isLast: false }],
    ['the same one with another checksum', THIRD, { isLast: true, crc: 'DEADBEEF' }],
    ['one more', SECOND, {}],
  ])('%s is refused', async (_what, bytes, form) => {
    expect(await anna.sendChunk(handler, bytes, form)).toEqual(notTaken(matching(/complete/)));
    expect(await committed(handler)).toEqual(FILE);
  });
});

describe('The size of a chunk', () => {
  const big = Buffer.alloc(MAX_CHUNK + 1, 'The size of a chunk has a limit. ');

  test.each([MULTIPART, SOAP_11])('over $name may be 33,554,432 bytes, and no more', async (binding) => {
    const caller = anna.over(binding);
    const handler = await caller.openUpload();
    await caller.sendChunk(handler, FIRST);
    expect(await caller.sendChunk(handler, big)).toEqual(notTaken(matching(/33554432/)));
    const largest = big.subarray(0, MAX_CHUNK);
    const file = Buffer.concat([FIRST, largest]);
    expect(await caller.sendChunk(handler, largest, { isLast: true })).toEqual(takenLast(file));
    expect((await committed(handler)).equals(file)).toBe(true);
  });

  test('may be below the negotiated size, and above it', async () => {
    const opened = await anna.call('CreateUploadHandler', { PreferedChunkSize: 262_144 });
    const handler = valueOf(opened, 'UploadHandler');
    const chunks = [1, 300_000, 2, 262_144, 3].map((size) => randomBytes(size));
    for (const [n, chunk] of chunks.entries())
      await anna.sendChunk(handler, chunk, { isLast: n === chunks.length - 1 });
    expect((await committed(handler)).equals(Buffer.concat(chunks))).toBe(true);
  });

  const EMPTY = Buffer.alloc(0);

  test.each(BINDINGS)('over $name may be none: alone it makes an empty document', async (binding) => {
    const handler = await anna.openUpload();
    const sent = await anna.over(binding).sendChunk(handler, EMPTY, { crc: '00000000', isLast: true });
    expect(sent).toEqual(takenLast(EMPTY));
    expect(await committed(handler)).toEqual(EMPTY);
  });

  test('may be none for the last, which ends the file', async () => {
    const handler = await anna.openUpload();
    await anna.sendChunk(handler, FIRST);
    expect(await anna.sendChunk(handler, EMPTY, { crc: '0', isLast: true })).toEqual(takenLast(FIRST));
    expect(await committed(handler)).toEqual(FIRST);
  });
});

describe('A handler that is not there', () => {
  /** Ways not to be there for Anna. */
  const WAYS: readonly [way: string, handler: () => Promise<string>][] = [
    ['is of another user', async () => (await service.trust('bert')).upload(FIRST)],
    ['is of another session of the user', async () => (await service.trust('anna')).upload(FIRST)],
    [
      'was deleted',
      async () => {
        const handler = await anna.upload(FIRST);
        await anna.call('DeleteUploadHandler', { UploadHandler: handler });
        return handler;
      },
    ],
    [
      'was committed',
      async () => {
        const handler = await anna.upload(FIRST);
        await anna.commit(handler, newPath());
        return handler;
      },
    ],
    [
      'lay idle for more than 24 hours',
      async () => {
        const handler = await anna.upload(FIRST);
        await service.database((queries) =>
          queries
            .updateTable('upload_handlers')
            .set({ used_at: Date.now() - 24 * HOUR_MS - 1 })
            .where('id', '=', handler as never)
            .execute(),
        );
        return handler;
      },
    ],
    ['never was', () => Promise.resolve(UNKNOWN_GUID)],
  ];

  test('only when no chunk has come in the meantime', async () => {
    const handler = await anna.openUpload();
    const usedSoLongAgo = (ms: number): Promise<unknown> =>
      service.database((queries) =>
        queries
          .updateTable('upload_handlers')
          .set(({ eb }) => ({ used_at: eb('used_at', '-', ms) }))
          .where('id', '=', handler as never)
          .execute(),
      );
    for (const isLast of [false, true]) {
      await usedSoLongAgo(13 * HOUR_MS);
      expect(valueOf(await anna.sendChunk(handler, FIRST, { isLast }), 'success')).toBe('true');
    }
    await usedSoLongAgo(13 * HOUR_MS);
    expect(valueOf(await anna.commit(handler, newPath()), 'success')).toBe('true');
  });

  test.each(WAYS)('because it %s is told of in one text', async (_way, handler) => {
    const uploadHandler = await handler();
    expect(await anna.sendChunk(uploadHandler, FIRST, { isLast: true })).toEqual(notTaken(NO_UPLOAD));
    const path = newPath();
    const target = { folderPath: '/Public', documentName: path.slice('/Public/'.length), path };
    for (const operation of [
      'UploadDocumentWithHandler',
      'UploadDocumentWithHandler1',
      'UploadDocumentWithHandler2',
      'UploadDocumentWithHandler3',
      'UploadNewDocumentWidthHandler',
    ]) {
      const numbers = { mpVersionMajor: 1, mpVersionMinor: 0, mpVersionRevision: 0 };
      expect(await anna.call(operation, { ...target, uploadHandler, ...numbers })).toEqual(refused('root', NO_UPLOAD));
    }
  });

  test.each(WAYS)('because it %s is deleted with success', async (_way, handler) => {
    const UploadHandler = await handler();
    for (let again = 0; again < 2; again++) {
      expect(await anna.call('DeleteUploadHandler', { UploadHandler })).toEqual(
        answer('response', { success: 'true', error: '' }),
      );
    }
  });

  test('because it is of another user is not deleted at all', async () => {
    const bert = await service.trust('bert');
    const handler = await bert.upload(FIRST);
    await anna.call('DeleteUploadHandler', { UploadHandler: handler });
    const path = newPath();
    expect(valueOf(await bert.commit(handler, path), 'success')).toBe('true');
    expect(await bert.download(path)).toEqual(FIRST);
  });
});

test('A handler is named in every form of a GUID that .NET reads', async () => {
  const handler = await anna.openUpload();
  const forms = [
    handler.toUpperCase(),
    handler.replaceAll('-', ''),
    `{${handler}}`,
    `(${handler})`,
    `\t${handler}\r\n`,
  ];
  for (const form of forms) expect(await anna.sendChunk(form, FIRST)).toEqual(TAKEN);
  await anna.sendChunk(handler, SECOND, { isLast: true });
  expect(await committed(` {${handler.toUpperCase()}} `)).toEqual(Buffer.concat([...forms.map(() => FIRST), SECOND]));
});

describe('The arguments of a chunk', () => {
  const ORDERS: readonly (readonly string[])[] = [
    ['authenticationTicket', 'fileChunk', 'uploadHandler', 'chunkHEXCRC', 'lastChunk'],
    ['uploadHandler', 'fileChunk', 'authenticationTicket', 'chunkHEXCRC', 'lastChunk'],
    ['fileChunk', 'lastChunk', 'chunkHEXCRC', 'uploadHandler', 'authenticationTicket'],
    ['lastChunk', 'chunkHEXCRC', 'uploadHandler', 'authenticationTicket', 'fileChunk'],
  ];
  const inOrder = (order: readonly string[], args: Arguments): Arguments =>
    Object.fromEntries(order.map((name) => [name, args[name] ?? '']));

  const cases = BINDINGS.flatMap((binding) =>
    ORDERS.map((order) => [order.join(', '), binding.name, binding, order] as const),
  );

  test.each(cases)('may come in the order %s over %s', async (_order, _name, binding, order) => {
    const uploadHandler = await anna.openUpload();
    const bytes = randomBytes(3000);
    const send = (fileChunk: Buffer, chunkHEXCRC: string, lastChunk: boolean): Promise<Answer> => {
      const args = { authenticationTicket: anna.ticket, uploadHandler, fileChunk, chunkHEXCRC, lastChunk };
      return callInOrder(binding, inOrder(order, args));
    };
    expect(await send(bytes, hexCrc32(bytes), false)).toEqual(TAKEN);
    expect(await send(SECOND, '1', true)).toEqual(tryAgain(hexCrc32(SECOND), '1'));
    expect(await send(SECOND, hexCrc32(SECOND), true)).toEqual(takenLast(Buffer.concat([bytes, SECOND])));
    expect(await committed(uploadHandler)).toEqual(Buffer.concat([bytes, SECOND]));
  });

  test.each(cases)('may be wrong in the order %s over %s', async (_order, _name, binding, order) => {
    const args = {
      authenticationTicket: anna.ticket,
      uploadHandler: await anna.openUpload(),
      fileChunk: FIRST,
      chunkHEXCRC: hexCrc32(FIRST),
      lastChunk: true,
    };
    const send = (wrong: Arguments): Promise<Answer> => callInOrder(binding, inOrder(order, { ...args, ...wrong }));
    expect(await send({ authenticationTicket: 'x' })).toEqual(notTaken('[900] Authentication failed'));
    expect(await send({ authenticationTicket: UNKNOWN_GUID })).toEqual(
      notTaken('[901] Session expired or Invalid ticket'),
    );
    expect(await send({ uploadHandler: 'x' })).toEqual(notTaken('Invalid upload handler.'));
    expect(await send({ uploadHandler: UNKNOWN_GUID })).toEqual(notTaken(NO_UPLOAD));
    expect(await send({ chunkHEXCRC: 'x' })).toEqual(notTaken(matching(/CRC32/)));
    expect(await send({})).toEqual(takenLast(FIRST));
  });

  async function callInOrder(binding: Binding, args: Arguments): Promise<Answer> {
    const request = await binding.request('UploadFileChunk', args);
    return binding.read('UploadFileChunk', await send(service.url, request));
  }
});

describe.each(BINDINGS)('Over $name, what comes behind the chunk', (binding) => {
  const CHUNK = { fileChunk: FIRST, chunkHEXCRC: hexCrc32(FIRST), lastChunk: true };
  let uploadHandler: string;

  beforeEach(async () => {
    uploadHandler = await anna.openUpload();
  });

  const sendWithCookie = (args: Arguments): Promise<Answer> =>
    call(service, binding, 'UploadFileChunk', args, { headers: { Cookie: `ticket=${anna.ticket}` } });

  /** The chunk did not count: the whole file can still come. */
  const expectNothingTaken = async (): Promise<void> => {
    expect(await anna.sendChunk(uploadHandler, FILE, { isLast: true })).toEqual(takenLast(FILE));
  };

  test.each<[string, () => string | Promise<string>, string]>([
    ['is no ticket', () => 'x', '[900] Authentication failed'],
    ['opens nothing', () => UNKNOWN_GUID, '[901] Session expired or Invalid ticket'],
    ['is of another user', async () => (await service.trust('bert')).ticket, NO_UPLOAD],
    ['is of another session of the user', async () => (await service.trust('anna')).ticket, NO_UPLOAD],
  ])('counts before a cookie: a ticket that %s', async (_what, ticket, error) => {
    const authenticationTicket = await ticket();
    expect(await sendWithCookie({ authenticationTicket, uploadHandler, ...CHUNK })).toEqual(notTaken(error));
    expect(await sendWithCookie({ uploadHandler, ...CHUNK, authenticationTicket })).toEqual(notTaken(error));
    await expectNothingTaken();
  });

  test("may be the cookie's ticket, written in another way", async () => {
    const authenticationTicket = ` {${anna.ticket.toUpperCase()}} `;
    expect(await sendWithCookie({ uploadHandler, ...CHUNK, authenticationTicket })).toEqual(takenLast(FIRST));
  });

  /* In another case, as callers may write them. SOAP takes the first, GET and POST join them (COMPATIBILITY). */
  test.each([
    ['ticket', 'AuthenticationTicket', '[900] Authentication failed'],
    ['handler', 'UploadHandler', 'Invalid upload handler.'],
  ])('may be a second %s', async (_what, name, error) => {
    const args = { authenticationTicket: anna.ticket, uploadHandler };
    const answered = await call(service, binding, 'UploadFileChunk', { ...args, ...CHUNK, [name]: 'another' });
    expect(answered).toEqual(binding.isSoap ? takenLast(FIRST) : notTaken(error));
    if (!binding.isSoap) await expectNothingTaken();
  });
});

describe('Chunks that are sent at once to one handler', () => {
  test('are taken one after the other, each whole', async () => {
    const handler = await anna.openUpload();
    const chunks = Array.from({ length: 8 }, (_, n) => Buffer.alloc(100_000, `chunk ${n} `));
    const callers = [MULTIPART, SOAP_11, POST, SOAP_12].map((binding) => anna.over(binding));
    const answers = await Promise.all(
      chunks.map((chunk, n) => (callers[n % callers.length] ?? anna).sendChunk(handler, chunk)),
    );
    expect(answers).toEqual(chunks.map(() => TAKEN));
    await anna.sendChunk(handler, Buffer.alloc(0), { crc: '0', isLast: true });
    const file = await committed(handler);
    const pieces = Array.from({ length: 8 }, (_, n) => file.subarray(n * 100_000, (n + 1) * 100_000));
    expect(file.length).toBe(800_000);
    expect(pieces.map((piece) => piece.toString()).sort()).toEqual(chunks.map((chunk) => chunk.toString()).sort());
  });

  test('are each taken whole when their bytes arrive by turns', async () => {
    const handler = await anna.openUpload();
    const [one, other] = [Buffer.alloc(700_000, 'one chunk '), Buffer.alloc(500_000, 'another chunk ')];
    const onTheirWay = [await beginChunk(anna, handler, one), await beginChunk(anna, handler, other)];
    const answers = await Promise.all(onTheirWay.map((chunk) => chunk.finish()));
    expect(answers).toEqual([TAKEN, TAKEN]);
    await anna.sendChunk(handler, THIRD, { isLast: true });
    const file = (await committed(handler)).toString();
    expect([`${one.toString()}${other.toString()}`, `${other.toString()}${one.toString()}`]).toContain(
      file.slice(0, -THIRD.length),
    );
  });

  test('are answered alike when they are the same last one', async () => {
    const handler = await anna.openUpload();
    const answers = await Promise.all([1, 2, 3].map(() => anna.sendChunk(handler, FILE, { isLast: true })));
    expect(answers).toEqual([takenLast(FILE), takenLast(FILE), takenLast(FILE)]);
    expect(await committed(handler)).toEqual(FILE);
  });

  test('do not get in the way of another handler', async () => {
    const handlers = await Promise.all([1, 2, 3, 4].map(() => anna.openUpload()));
    const files = handlers.map((_, n) => [1, 2, 3].map((part) => Buffer.alloc(50_000, `handler ${n} part ${part} `)));
    await Promise.all(
      handlers.map(async (handler, n) => {
        for (const [m, chunk] of (files[n] ?? []).entries()) await anna.sendChunk(handler, chunk, { isLast: m === 2 });
      }),
    );
    for (const [n, handler] of handlers.entries()) {
      expect((await committed(handler)).equals(Buffer.concat(files[n] ?? []))).toBe(true);
    }
  });
});

describe.each([SOAP_11, SOAP_12])('Over $name, the content of a chunk', (binding) => {
  const bytes = randomBytes(1000);
  const base64 = bytes.toString('base64');

  /** Sends a chunk with its content written in a form of its own. */
  async function sendWritten(handler: string, content: string) {
    const args = { authenticationTicket: anna.ticket, uploadHandler: handler, fileChunk: bytes };
    const request = await binding.request('UploadFileChunk', {
      ...args,
      chunkHEXCRC: hexCrc32(bytes),
      lastChunk: true,
    });
    const body = String(request.body).replace(base64, content);
    return send(service.url, { ...request, body });
  }

  test.each([
    ['in a CDATA section', `<![CDATA[${base64}]]>`],
    ['in several CDATA sections', `<![CDATA[${base64.slice(0, 99)}]]><![CDATA[${base64.slice(99)}]]>`],
    [
      'in CDATA sections and between them',
      ` <![CDATA[${base64.slice(0, 99)}]]>${base64.slice(99, 301)}<![CDATA[${base64.slice(301)}]]>\n`,
    ],
    ['in lines of 76 characters', base64.replace(/.{76}/g, '$&\r\n')],
    ['indented', `\n    ${base64.replace(/.{64}/g, '$&\n    ')}\n  `],
    ['with decimal character references', base64.replace(/[A-F]/g, (letter) => `&#${letter.charCodeAt(0)};`)],
    [
      'with hexadecimal character references',
      base64.replace(/[+/=]/g, (sign) => `&#x${sign.charCodeAt(0).toString(16)};`),
    ],
    ['with line breaks as character references', base64.replace(/.{76}/g, '$&&#xD;&#10;')],
    ['without its padding', base64.replace(/=+$/, '')],
  ])('may be written %s', async (_form, content) => {
    const handler = await anna.openUpload();
    expect(binding.read('UploadFileChunk', await sendWritten(handler, content))).toEqual(takenLast(bytes));
    expect(await committed(handler)).toEqual(bytes);
  });

  test.each([
    ['with a comment in it', `${base64.slice(0, 100)}<!-- -->${base64.slice(100)}`],
    ['with an element in it', `${base64.slice(0, 100)}<x/>${base64.slice(100)}`],
    ['with characters that are not of base64', `${base64.slice(0, 100)}*${base64.slice(101)}`],
    ['of the alphabet for URLs', `${base64.slice(0, 100)}-_${base64.slice(102)}`],
    ['with more after its padding', `${base64}AAAA`],
  ])('may not be written %s, and nothing is appended then', async (_form, content) => {
    const handler = await anna.openUpload();
    expect((await sendWritten(handler, content)).status).toBe(400);
    expect(binding.read('UploadFileChunk', await sendWritten(handler, base64))).toEqual(takenLast(bytes));
    expect(await committed(handler)).toEqual(bytes);
  });
});

test('A caller that goes away in the middle of a chunk can send it again', async () => {
  const handler = await anna.openUpload();
  await anna.sendChunk(handler, FIRST);
  await (await beginChunk(anna, handler, randomBytes(500_000))).abandon();
  expect(await anna.sendChunk(handler, SECOND)).toEqual(TAKEN);
  await anna.sendChunk(handler, THIRD, { isLast: true });
  expect(await committed(handler)).toEqual(FILE);
});

test('A chunk whose session ends in the middle of it is told that, and not of the handler that went with it', async () => {
  const leaving = await service.trust('anna');
  const chunk = await beginChunk(leaving, await leaving.openUpload(), randomBytes(500_000));
  await leaving.call('LogOut', {});
  expect(valueOf(await chunk.finish(), 'error')).toBe('[901] Session expired or Invalid ticket');
});
