import { spawn } from 'node:child_process';
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { newGuid } from '../../src/values/guid.js';
import { answer, refused } from '../support/answer.js';
import { Caller } from '../support/caller.js';
import { command, RunningService, USER_PASSWORD, withDatabase } from '../support/running-service.js';
import { PROGRAM } from '../support/server-process.js';

let service: RunningService;
let anna: Caller;
/** Where the backup goes: beside the data, and so on the same file system. */
let target: string;

beforeEach(async () => {
  service = await RunningService.start();
  await service.command(['user', 'add', 'anna'], `${USER_PASSWORD}\n`);
  anna = await service.trust('anna');
  target = `${service.data}-backup`;
});

afterEach(async () => {
  await service.end();
  fs.rmSync(target, { recursive: true, force: true });
  fs.rmSync(`${target}.unfinished`, { recursive: true, force: true });
});

/** Runs the program in a process of its own, as it is run beside a server that is busy. Returns what it prints. */
function program(...args: string[]): Promise<string> {
  return new Promise((resolve, reject) => {
    const child = spawn(process.execPath, [PROGRAM, ...args], {
      env: { PATH: process.env['PATH'] ?? '', LIGHTERAGE_DATA: service.data },
    });
    let printed = '';
    for (const stream of [child.stdout, child.stderr]) {
      stream.setEncoding('utf8').on('data', (text: string) => (printed += text));
    }
    child.on('error', reject);
    child.on('close', (status) => (status === 0 ? resolve(printed) : reject(new Error(printed))));
  });
}

/** What a document holds, by its path: the same in every run. */
const bytesOf = (name: string): Buffer => Buffer.alloc(1000 + name.length * 7919, name);

test('A backup made while others upload and commit is a server of its own, with all that was committed when it began', async () => {
  const stored: string[] = [];
  let isOver = false;
  const traffic = Array.from({ length: 3 }, async (_, n) => {
    for (let round = 0; !isOver; round++) {
      const name = `/Public/${n} ${round}.txt`;
      const handler = await anna.upload(bytesOf(name).subarray(0, 500), bytesOf(name).subarray(500));
      await anna.commit(handler, name);
      stored.push(name);
      await anna.openUpload();
    }
  });
  for (const name of ['/Public/first.txt', '/Public/second.txt']) {
    await anna.store(name, bytesOf(name));
    stored.push(name);
  }
  const before = [...stored];
  try {
    expect(await program('backup', target)).toMatch(/ linked and 0 copied.*\nIt was checked/s);
  } finally {
    isOver = true;
    await Promise.all(traffic);
  }

  const copy = await RunningService.on(target);
  try {
    const there = await copy.trust('anna');
    const all = [...new Set([...before, ...stored])];
    let found = 0;
    for (const name of all) {
      /* What was committed while the backup was made may be in it or not; but not in part. */
      const bytes = await there.download(name);
      if (bytes.length > 0 || before.includes(name)) {
        expect([name, bytes.equals(bytesOf(name))]).toEqual([name, true]);
        found++;
      }
    }
    expect(found).toBeGreaterThanOrEqual(before.length);
    /* The two go their own ways from here: what is changed in one is not in the other. */
    await there.store('/Public/first.txt', Buffer.from('of the copy'));
    expect(await anna.download('/Public/first.txt')).toEqual(bytesOf('/Public/first.txt'));
    expect(await new Caller(copy, anna.ticket).call('isValidTicket')).toEqual(
      refused('root', '[901] Session expired or Invalid ticket'),
    );
    expect(await copy.command(['check'])).toContain('All content is there and right');
  } finally {
    await copy.end();
  }
});

test('It has users, libraries and the audit, and no sessions, handlers or staged bytes', async () => {
  await anna.store('/Public/a.txt', Buffer.from('a'));
  await anna.upload(Buffer.from('staged'));
  await anna.openDownload('/Public/a.txt');
  await service.command(['backup', target]);
  const counts = await withDatabase(target, async (queries) => {
    const count = async (table: 'users' | 'sessions' | 'upload_handlers' | 'download_handlers'): Promise<number> =>
      (await queries.selectFrom(table).selectAll().execute()).length;
    return [
      await count('users'),
      await count('sessions'),
      await count('upload_handlers'),
      await count('download_handlers'),
    ];
  });
  expect(counts).toEqual([2, 0, 0, 0]);
  expect(await command(target, ['audit', '--document', '1'])).toContain('\tanna\t127.0.0.1\tcommit\tok\t');
  expect(
    fs.readdirSync(path.join(target, 'content'), { recursive: true, withFileTypes: true }).filter((e) => e.isFile()),
  ).toHaveLength(1);
  expect(fs.statSync(target).mode & 0o777).toBe(0o700);
});

test('It is not made over anything that is there, nor over one that was interrupted', async () => {
  fs.mkdirSync(target);
  await expect(service.command(['backup', target])).rejects.toThrow(`There is a ${target} already.`);
  fs.renameSync(target, `${target}.unfinished`);
  await expect(service.command(['backup', target])).rejects.toThrow(
    'another backup is being made, or one was interrupted',
  );
});

test('A document whose content is lost does not keep the others from being saved, and is told of', async () => {
  await anna.store('/Public/a.txt', Buffer.from('a'));
  await anna.store('/Public/b.txt', Buffer.from('b'));
  const { content_id: lost } = await service.database((queries) =>
    queries.selectFrom('versions').select('content_id').where('document_id', '=', 1).executeTakeFirstOrThrow(),
  );
  fs.unlinkSync(path.join(service.data, 'content', lost.slice(0, 2), lost));
  await expect(service.command(['backup', target])).rejects.toThrow(
    `document 1, version 1.0.0: content ${lost} is missing`,
  );
  const copy = await RunningService.on(target);
  try {
    expect(String(await (await copy.trust('anna')).download('/Public/b.txt'))).toBe('b');
  } finally {
    await copy.end();
  }
});

/** Where tests have their files, and where there are others: links do not reach from one to the other when these are two file systems. */
const PLACES = [os.tmpdir(), '/dev/shm'].filter((place) => fs.existsSync(place));
const deviceOf = (place: string): number => fs.statSync(place).dev;
const areApart = new Set(PLACES.map(deviceOf)).size > 1;

(areApart ? test : test.skip)('Where links do not reach, contents are copied', async () => {
  await anna.store('/Public/a.txt', Buffer.from('a'));
  const elsewhere = PLACES.find((place) => deviceOf(place) !== deviceOf(service.data)) ?? '';
  const far = path.join(elsewhere, path.basename(target));
  try {
    expect(await service.command(['backup', far])).toContain('0 contents were linked and 1 copied.');
    expect(await command(far, ['check'])).toContain('All content is there and right');
  } finally {
    fs.rmSync(far, { recursive: true, force: true });
  }
});

describe('check --repair', () => {
  const content = (...names: string[]): string => path.join(service.data, 'content', ...names);
  const aside = (): string[] => fs.readdirSync(path.join(service.data, 'content.aside')).sort();

  test('puts aside what belongs to nothing, says so, and loses none of it', async () => {
    const handler = await anna.openUpload();
    await anna.store('/Public/a.txt', Buffer.from('a'));
    const id = newGuid();
    fs.writeFileSync(content(id.slice(0, 2), id), 'nobody');
    fs.writeFileSync(content('ab', 'notes.txt'), 'one');
    fs.writeFileSync(content('notes.txt'), 'two');
    await expect(service.command(['check'])).rejects.toThrow('There are 3 findings.');
    const printed = await service.command(['check', '--repair']);
    expect(printed).toContain(
      `content ${id} lies in the content store, and no record names it: put aside into content.aside in the data directory\n`,
    );
    expect(printed).toContain('3 findings were repaired.\nAll content is there and right');
    expect(aside()).toEqual([id, 'notes.txt', 'notes.txt~'].sort());
    expect(fs.readFileSync(path.join(service.data, 'content.aside', id), 'utf8')).toBe('nobody');
    expect(await service.command(['check'])).toContain('All content is there and right');
    expect(await anna.sendChunk(handler, Buffer.from('x'))).toEqual(
      answer('root', { success: 'true', tryagain: 'false' }),
    );
  });

  test('changes nothing about a version whose content is missing or damaged, and tells of it', async () => {
    await anna.store('/Public/a.txt', Buffer.from('a'));
    await anna.store('/Public/b.txt', Buffer.from('b'));
    const rows = await service.database((queries) => queries.selectFrom('versions').selectAll().execute());
    const [lost, damaged] = rows.map(({ content_id: id }) => content(id.slice(0, 2), id));
    fs.unlinkSync(lost ?? '');
    fs.writeFileSync(damaged ?? '', 'c');
    await expect(service.command(['check', '--repair'])).rejects.toThrow('There are 2 findings.');
    expect(fs.existsSync(path.join(service.data, 'content.aside'))).toBe(false);
    expect(fs.readFileSync(damaged ?? '', 'utf8')).toBe('c');
    expect(await service.database((queries) => queries.selectFrom('versions').selectAll().execute())).toEqual(rows);
  });
});
