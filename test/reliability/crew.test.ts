import fs from 'node:fs/promises';
import net from 'node:net';
import path from 'node:path';
import { limitProcess } from '../disk/small-disk.js';
import { valueOf } from '../support/answer.js';
import { beginChunk, beginDocument, type ChunkOnItsWay } from '../support/chunk-on-its-way.js';
import { eventually } from '../support/eventually.js';
import { USER_PASSWORD, withDatabase } from '../support/running-service.js';
import { ServerProcess } from '../support/server-process.js';
import { workersOf } from '../support/workers-of.js';

const REQUEST = 'GET /healthz HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n';

/** A request on a connection of its own: what had come back when the connection ended. */
async function ask(url: string): Promise<string> {
  const { hostname, port } = new URL(url);
  const socket = net.connect(Number(port), hostname);
  let text = '';
  socket.setEncoding('utf8').on('data', (piece: string) => (text += piece));
  socket.on('error', () => undefined);
  socket.write(REQUEST);
  await new Promise((resolve) => socket.once('close', resolve));
  return text;
}

/** Stops a process so that it does nothing any more and yet is there. */
async function freeze(pid: number): Promise<void> {
  process.kill(pid, 'SIGSTOP');
  await eventually(
    () => fs.readFile(`/proc/${pid}/status`, 'utf8'),
    (status) => /^State:\s+T/m.test(status),
  );
}

test('A server whose database does not answer tells each worker that there are no metrics, and goes on', async () => {
  const server = await ServerProcess.start(2);
  const metrics = async (): Promise<number> => (await fetch(`${server.url}/metrics`)).status;
  const rename = (from: string, to: string): Promise<unknown> =>
    withDatabase(server.data, (queries) => queries.schema.alterTable(from).renameTo(to).execute());
  try {
    expect(await metrics()).toBe(200);
    await rename('upload_handlers', 'gone');
    expect(await Promise.all([metrics(), metrics(), metrics(), metrics()])).toEqual([500, 500, 500, 500]);
    await rename('gone', 'upload_handlers');
    expect(await metrics()).toBe(200);
  } finally {
    await server.end();
  }
});

test('Workers close the connections that are more than they may have, and serve the others', async () => {
  const server = await ServerProcess.start(2, { environment: { LIGHTERAGE_MAX_CONNECTIONS: '2' } });
  const { hostname, port } = new URL(server.url);
  const sockets: net.Socket[] = [];
  const isServed = (): Promise<boolean> => {
    const socket = net.connect(Number(port), hostname).on('error', () => undefined);
    sockets.push(socket);
    socket.write('GET /healthz HTTP/1.1\r\nHost: localhost\r\n\r\n');
    return new Promise((resolve) => socket.once('data', () => resolve(true)).once('close', () => resolve(false)));
  };
  try {
    const served = [];
    for (let count = 0; count < 12; count++) served.push(await isServed());
    /* Two of each worker at most, whose turn it is; one that has none left closes what it gets. */
    expect(served.slice(0, 2)).toEqual([true, true]);
    expect(served.filter(Boolean).length).toBeLessThanOrEqual(4);
    for (const socket of sockets) socket.destroy();
    await eventually(isServed, Boolean);
  } finally {
    for (const socket of sockets) socket.destroy();
    await server.end();
  }
});

test('A worker that ends while there are no more files to be had is replaced when there are', async () => {
  const server = await ServerProcess.start(2, { environment: { LIGHTERAGE_LOG_LEVEL: 'error' } });
  try {
    const [worker = 0, other] = await workersOf(server.pid);
    await limitProcess(server.pid, { openFiles: 3 });
    process.kill(worker, 'SIGKILL');
    await eventually(
      () => server.printed.split('could not take the place').length - 1,
      (refused) => refused >= 2,
    );
    expect(await workersOf(server.pid)).toEqual([other]);
    await limitProcess(server.pid, { openFiles: 1024 });
    await eventually(
      () => workersOf(server.pid),
      (workers) => workers.length === 2,
    );
    expect(await ask(server.url)).toMatch(/^HTTP\/1\.1 200 /);
    expect(server.printed).not.toMatch(/\n +at |"stack"|dist/);
    expect(await server.stop()).toBe(0);
  } finally {
    await server.end();
  }
});

describe('A worker that is killed', () => {
  let server: ServerProcess;

  beforeEach(async () => {
    server = await ServerProcess.start(2);
  });

  afterEach(() => server.end());

  /** The worker that was killed is replaced: by a process that need not take calls yet. */
  const replaced = (dead: number): Promise<void> =>
    eventually(
      () => workersOf(server.pid),
      (workers) => workers.length === 2 && !workers.includes(dead),
    );

  test('leaves no caller waiting whose connection it had not yet taken, and is replaced', async () => {
    const [frozen = 0, other] = await workersOf(server.pid);
    await freeze(frozen);
    /* The workers take turns, so that one of two connections is for the one that takes nothing. */
    const both = [ask(server.url), ask(server.url)];
    expect(await Promise.race(both)).toMatch(/^HTTP\/1\.1 200 /);

    process.kill(frozen, 'SIGKILL');

    expect((await Promise.all(both)).filter((answer) => answer === '')).toHaveLength(1);
    await replaced(frozen);
    expect(await workersOf(server.pid)).toContain(other);
    expect(await ask(server.url)).toMatch(/^HTTP\/1\.1 200 /);
  });

  test('leaves nothing of what it was writing, and what another one is writing is not touched', async () => {
    await server.command(['user', 'add', 'anna'], `${USER_PASSWORD}\n`);
    const anna = await server.trust('anna');
    const unclaimed = (): Promise<{ content_id: string; worker: string | null }[]> =>
      withDatabase(server.data, (queries) =>
        queries.selectFrom('unclaimed_contents').select(['content_id', 'worker']).execute(),
      );
    /* The workers take turns. */
    const begun = [
      await beginDocument(anna, '/Public/one.bin', Buffer.alloc(1_000_000, 'one')),
      await beginDocument(anna, '/Public/other.bin', Buffer.alloc(1_000_000, 'other')),
    ];
    await eventually(unclaimed, (rows) => new Set(rows.map(({ worker }) => worker)).size === 2);
    const before = await unclaimed();

    process.kill((await workersOf(server.pid))[0] ?? 0, 'SIGKILL');

    const broken = await Promise.race(begun.map((upload) => upload.interrupted.then(() => upload)));
    await eventually(unclaimed, (rows) => rows.length === 1);
    const [left] = await unclaimed();
    const files = await fs.readdir(path.join(server.data, 'content'), { recursive: true });
    const names = files.map((file) => path.basename(file));
    expect(before.map(({ content_id }) => content_id).filter((id) => names.includes(id))).toEqual([left?.content_id]);
    for (const upload of begun.filter((each) => each !== broken)) {
      expect(valueOf(await upload.finish(), 'success')).toBe('true');
    }
    expect(await unclaimed()).toEqual([]);
  });

  test('frees the upload it was writing to, and no other', async () => {
    await server.command(['user', 'add', 'anna'], `${USER_PASSWORD}\n`);
    const anna = await server.trust('anna');
    const bytes = Buffer.alloc(1_000_000, 'chunk');
    const claimed = (): Promise<string[]> => fs.readdir(path.join(server.data, 'claims'));
    /* The workers take turns. */
    const uploads: { handler: string; chunk: ChunkOnItsWay }[] = [];
    for (const handler of [await anna.openUpload(), await anna.openUpload()]) {
      uploads.push({ handler, chunk: await beginChunk(anna, handler, bytes) });
    }
    await eventually(claimed, (links) => links.length === 2);

    process.kill((await workersOf(server.pid))[0] ?? 0, 'SIGKILL');

    const broken = await Promise.race(uploads.map((upload) => upload.chunk.interrupted.then(() => upload)));
    expect(valueOf(await anna.sendChunk(broken.handler, bytes), 'success')).toBe('true');
    const others = uploads.filter((upload) => upload !== broken);
    expect(await claimed()).toEqual(others.map(({ handler }) => handler));
    for (const { chunk } of others) expect(valueOf(await chunk.finish(), 'success')).toBe('true');
    expect(await claimed()).toEqual([]);
  });

  test('does not keep the server from stopping while another takes its place', async () => {
    const [worker = 0] = await workersOf(server.pid);
    process.kill(worker, 'SIGKILL');
    await replaced(worker);
    expect(await server.stop()).toBe(0);
  });

  test('is replaced though it was the last one, at the same address', async () => {
    const before = await workersOf(server.pid);
    for (const worker of before) process.kill(worker, 'SIGKILL');
    await eventually(
      () => workersOf(server.pid),
      (workers) => workers.length === 2 && workers.every((worker) => !before.includes(worker)),
    );
    await eventually(
      () => ask(server.url),
      (answer) => answer.startsWith('HTTP/1.1 200 '),
    );
  });
});
