import net from 'node:net';
import { once } from 'node:events';
import { answer, elementsIn, NUMBER, refused, textIn } from '../support/answer.js';
import { type Arguments, BINDINGS, MULTIPART } from '../support/bindings.js';
import { call, type Caller } from '../support/caller.js';
import { eventually } from '../support/eventually.js';
import { RunningService } from '../support/running-service.js';
import { readFigures } from '../support/server-figures.js';

/* Content that comes before it is known whose it is. */

const MIB = 1024 * 1024;
const MOST = Buffer.alloc(32 * MIB, 'most');
const MORE = Buffer.alloc(32 * MIB + 1, 'more');
const STORED = answer('root', { success: 'true', DocumentId: NUMBER, VersionId: '1000000' });

const UNKNOWN_GUID = '0f8fad5b-d9cb-469f-a165-70867728950e';

let service: RunningService;
let caller: Caller;

beforeAll(async () => {
  service = await RunningService.start({ maxWaiting: '40MiB' });
  caller = await service.logIn();
  await service.addUsers('bert');
});

afterAll(() => service.end());

function upload(path: string, fileContent: Buffer, authenticationTicket: string, headers: Record<string, string> = {}) {
  return call(service, MULTIPART, 'UploadDocument', { fileContent, path, authenticationTicket }, { headers });
}

test('As much as a chunk may have is taken before the ticket', async () => {
  expect(await upload('/Public/most.bin', MOST, caller.ticket)).toEqual(STORED);
  expect((await caller.download('/Public/most.bin')).equals(MOST)).toBe(true);
});

test('More is not kept, and the caller is told what to do', async () => {
  expect(await upload('/Public/more.bin', MORE, caller.ticket)).toEqual(
    refused(
      'root',
      'Content that comes before its ticket may have 33554432 bytes. Send authenticationTicket before the content.',
    ),
  );
  expect(await upload('/Public/more.bin', MORE, 'x')).toEqual(refused('root', '[900] Authentication failed'));
});

test('A ticket in a cookie comes before the content', async () => {
  const cookie = { Cookie: `ticket=${caller.ticket}` };
  expect(await upload('/Public/cookie.bin', MORE, '', cookie)).toEqual(STORED);
});

test('A ticket behind the content counts before that of a cookie', async () => {
  const stale = { Cookie: `ticket=${UNKNOWN_GUID}` };
  const content = Buffer.from('content');
  expect(await upload('/Public/stale.bin', content, caller.ticket, stale)).toEqual(STORED);
  expect(await upload('/Public/stale.bin', content, '', stale)).toEqual(
    refused('root', '[901] Session expired or Invalid ticket'),
  );
});

test.each(BINDINGS)(
  'A document is of whom the ticket behind its content names, and where its path says: $name',
  async (binding) => {
    const bert = await service.trust('bert');
    const path = `/Public/by bert ${binding.name}.bin`;
    const args = { path, fileContent: Buffer.from('content') };
    const options = { headers: { Cookie: `ticket=${caller.ticket}` } };
    const sendBehind = (behind: Arguments) => call(service, binding, 'UploadDocument', { ...args, ...behind }, options);
    expect(await sendBehind({ authenticationTicket: 'x' })).toEqual(refused('root', '[900] Authentication failed'));
    expect(await sendBehind({ authenticationTicket: UNKNOWN_GUID })).toEqual(
      refused('root', '[901] Session expired or Invalid ticket'),
    );
    if (!binding.isSoap)
      expect(await sendBehind({ PATH: '/none/b.bin' })).toEqual(refused('root', 'Folder not found.'));
    expect(await sendBehind({ authenticationTicket: bert.ticket })).toEqual(STORED);
    const versions = await caller.call('GetDocumentVersions', { Path: path });
    expect(elementsIn(versions, 'VersionAuthor').map(textIn)).toEqual(['bert']);
  },
);

test('All that waits has a limit, which keeps nobody from sending who says first who he is', async () => {
  const head =
    'POST /srv.asmx/UploadDocument HTTP/1.1\r\nHost: x\r\nContent-Type: multipart/form-data; boundary=b\r\nContent-Length: 99999999\r\n\r\n' +
    '--b\r\nContent-Disposition: form-data; name="fileContent"; filename="f"\r\n\r\n';
  const socket = net.connect({ host: '127.0.0.1', port: Number(new URL(service.url).port) });
  await once(socket, 'connect');
  socket.write(head);
  socket.write(MOST);
  await eventually(spooledBytes, (bytes) => bytes >= 31 * MIB);
  expect(await upload('/Public/crowded.bin', MOST, caller.ticket)).toEqual(
    refused(
      'root',
      'SystemError: Too much content waits for its ticket. Send authenticationTicket before the content.',
    ),
  );
  await caller.store('/Public/first.bin', MOST);
  socket.destroy();
  await eventually(spooledBytes, (bytes) => bytes === 0);
  expect(await upload('/Public/crowded.bin', MOST, caller.ticket)).toEqual(STORED);
});

test.each(BINDINGS)('Content of a call that is refused before it comes is not looked at: $name', async (binding) => {
  const stale = { authenticationTicket: UNKNOWN_GUID, path: '/Public/a.txt' };
  const expired = refused('root', '[901] Session expired or Invalid ticket');
  expect(await call(service, binding, 'UploadDocument', { ...stale, fileContent: 'no base64, and long' })).toEqual(
    expired,
  );
  const unseen = {
    ...stale,
    authenticationTicket: caller.ticket,
    path: '/Unseen/a.txt',
    fileContent: '!'.repeat(15_000),
  };
  expect(await call(service, binding, 'UploadDocument', unseen)).toEqual(refused('root', 'Folder not found.'));
});

/** Of the server, which is in this process. */
async function spooledBytes(): Promise<number> {
  return (await readFigures(process.pid)).waiting;
}
