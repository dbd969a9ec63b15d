import { randomBytes } from 'node:crypto';
import fs from 'node:fs/promises';
import path from 'node:path';
import { downloadFile } from '../../scripts/client/download.js';
import { type Binding, Service } from '../../scripts/client/service.js';
import { Session } from '../../scripts/client/session.js';
import { uploadFile } from '../../scripts/client/upload.js';
import { ADMIN, RunningService } from '../support/running-service.js';
import { DamagingLine } from './damaging-line.js';

const CHUNK_SIZE = 262_144;
const DOCUMENT = '/Public/cargo & more.bin';

let service: RunningService;
let directory: string;
let file: string;
let ticket: string;
const content = randomBytes(2 * CHUNK_SIZE + 17);
const lines: DamagingLine[] = [];

beforeAll(async () => {
  service = await RunningService.start();
  directory = await fs.mkdtemp(path.join(service.data, 'transfers-'));
  file = path.join(directory, 'cargo.bin');
  await fs.writeFile(file, content);
  ({ ticket } = await Session.logIn(new Service(`${service.url}/srv.asmx`), ADMIN.name, ADMIN.password));
});

afterEach(async () => {
  for (const line of lines.splice(0)) await line.close();
});

afterAll(() => service.end());

/** Somebody who is logged in, at the other end of a line that may damage messages. */
async function callOver(damage: Parameters<typeof DamagingLine.open>[1]): Promise<Session> {
  const line = await DamagingLine.open(service.url, damage);
  lines.push(line);
  return new Session(new Service(`${line.url}/srv.asmx`), ticket);
}

function how(binding: Binding) {
  const told: [done: number, total: number][] = [];
  const progress = (done: number, total: number): void => void told.push([done, total]);
  return { told, options: { binding, chunkSize: CHUNK_SIZE, progress } };
}

/** Turns a bit over, deep in the body, in those bodies that hold a chunk and that `isHit` chooses by their number, from 1. */
function damaging(isHit: (chunk: number) => boolean): (body: Buffer) => Buffer {
  let chunks = 0;
  return (body) => {
    if (body.length < CHUNK_SIZE || !isHit(++chunks)) return body;
    const damaged = Buffer.from(body);
    /* In base64 `A` and `C` differ by one bit of the text and by one of the bytes; in bytes any bit will do. */
    const at = damaged.indexOf('A', CHUNK_SIZE / 2);
    damaged[at] = 0x43;
    return damaged;
  };
}

async function uploadsOpen(): Promise<number> {
  return service.database(
    async (queries) => (await queries.selectFrom('upload_handlers').select('id').execute()).length,
  );
}

describe.each<Binding>(['SOAP 1.1', 'POST'])('Over %s', (binding) => {
  test('a file goes up and comes down, and its progress is told', async () => {
    const session = await callOver({});
    const up = how(binding);
    const { attributes } = await uploadFile(session, file, DOCUMENT, up.options);
    expect(attributes['success']).toBe('true');
    expect(up.told).toEqual([CHUNK_SIZE, 2 * CHUNK_SIZE, content.length].map((done) => [done, content.length]));
    const down = how(binding);
    const target = path.join(directory, 'received.bin');
    await downloadFile(session, DOCUMENT, target, down.options);
    expect((await fs.readFile(target)).equals(content)).toBe(true);
    expect(down.told).toEqual(up.told);
  });

  test('a chunk that is damaged on its way is sent again', async () => {
    const session = await callOver({ request: damaging((chunk) => chunk === 2) });
    await uploadFile(session, file, DOCUMENT, how(binding).options);
    const target = path.join(directory, 'received.bin');
    await downloadFile(session, DOCUMENT, target, how(binding).options);
    expect((await fs.readFile(target)).equals(content)).toBe(true);
  });

  test('an upload whose chunks never arrive undamaged is given up, and nothing is left of it', async () => {
    const session = await callOver({ request: damaging(() => true) });
    await expect(uploadFile(session, file, DOCUMENT, how(binding).options)).rejects.toThrow('arrived damaged 5 times');
    expect(await uploadsOpen()).toBe(0);
  });
});

test.each<Binding>(['SOAP 1.1', 'GET', 'POST'])(
  'A chunk that is damaged on its way down over %s is asked for again',
  async (binding) => {
    await uploadFile(await callOver({}), file, DOCUMENT, how('POST').options);
    const session = await callOver({ answer: damaging((chunk) => chunk === 2) });
    const target = path.join(directory, 'received.bin');
    await downloadFile(session, DOCUMENT, target, how(binding).options);
    expect((await fs.readFile(target)).equals(content)).toBe(true);
  },
);

test('A transfer that is stopped by its progress leaves nothing, here or there', async () => {
  const session = await callOver({});
  await uploadFile(session, file, DOCUMENT, how('POST').options);
  const stop = (): never => {
    throw new Error('stopped');
  };
  const options = { ...how('POST').options, progress: stop };
  await expect(uploadFile(session, file, DOCUMENT, options)).rejects.toThrow('stopped');
  expect(await uploadsOpen()).toBe(0);
  const target = path.join(directory, 'stopped.bin');
  await expect(downloadFile(session, DOCUMENT, target, options)).rejects.toThrow('stopped');
  expect((await fs.readdir(directory)).filter((name) => name.startsWith('stopped'))).toEqual([]);
});

test.each([0, 1])('A file of %d bytes goes up and comes down', async (length) => {
  const session = await callOver({});
  const small = path.join(directory, 'small.bin');
  await fs.writeFile(small, content.subarray(0, length));
  await uploadFile(session, small, '/Public/small.bin', how('SOAP 1.1').options);
  await downloadFile(session, '/Public/small.bin', `${small}.received`, how('GET').options);
  expect((await fs.readFile(`${small}.received`)).length).toBe(length);
});

test('What the server refuses is told', async () => {
  const session = await callOver({});
  await expect(uploadFile(session, file, '/Nowhere/x.bin', how('SOAP 1.1').options)).rejects.toThrow(
    'UploadDocumentWithHandler: Folder not found.',
  );
  expect(await uploadsOpen()).toBe(0);
  await expect(downloadFile(session, '/Public/nothing', path.join(directory, 'x'), how('GET').options)).rejects.toThrow(
    'GetDownloadHandler: Document not found.',
  );
});
