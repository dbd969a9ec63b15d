import os from 'node:os';
import { sql } from 'kysely';
import { valueOf } from '../support/answer.js';
import { POST } from '../support/bindings.js';
import { call, Caller } from '../support/caller.js';
import { ADMIN, RunningService, TRUSTED_PASSWORD, USER_PASSWORD } from '../support/running-service.js';

/* Who did what to which document, when, and from where: as the command prints it. */

let service: RunningService;
let anna: Caller;

const HERE = '127.0.0.1';
const CONSOLE = { user: os.userInfo().username, address: 'command line' };

beforeEach(async () => {
  service = await RunningService.start();
  await service.command(['user', 'add', 'anna'], `${USER_PASSWORD}\n`);
  await service.command(['library', 'add', 'Secret']);
  anna = await service.trust('anna');
});

afterEach(() => service.end());

type Entry = Readonly<Record<string, unknown>>;

async function entries(...options: string[]): Promise<Entry[]> {
  const text = await service.command(['audit', '--json', ...options]);
  return text
    .split('\n')
    .filter((line) => line !== '')
    .map((line) => JSON.parse(line) as Entry);
}

/** The entries made by something. */
async function made(work: () => Promise<unknown>): Promise<Entry[]> {
  const before = await entries();
  await work();
  return (await entries()).slice(before.length);
}

test('The first start and the command line are in it: who made which user and library', async () => {
  expect(await entries()).toMatchObject([
    { user: null, address: 'server', action: 'add library', folder: 1, subject: 'Public', outcome: 'ok' },
    { user: null, address: 'server', action: 'add user', subject: 'admin', outcome: 'ok' },
    { ...CONSOLE, action: 'add user', subject: 'anna', outcome: 'ok' },
    { ...CONSOLE, action: 'add library', folder: 2, subject: 'Secret', outcome: 'ok' },
    { user: 'anna', address: HERE, action: 'trusted log-in', session: 1, outcome: 'ok' },
  ]);
});

test('Every change of users and libraries is in it', async () => {
  await anna.call('UploadDocument2', { path: '/Public/a.txt', fileContent: Buffer.from('a'), checkout: true });
  const commands: readonly string[][] = [
    ['user', 'disable', 'anna'],
    ['user', 'enable', 'anna'],
    ['library', 'grant', 'Secret', 'anna', 'read'],
    ['library', 'grant', 'Secret', 'everyone', 'write'],
    ['library', 'revoke', 'Secret', 'anna'],
    ['library', 'offline', 'Secret'],
    ['library', 'online', 'Secret'],
    ['library', 'unlock', '/Public/a.txt'],
  ];
  const found = await made(async () => {
    for (const command of commands) await service.command(command);
    await service.command(['user', 'password', 'anna'], 'new\n');
  });
  expect(found).toMatchObject([
    { ...CONSOLE, action: 'disable user', subject: 'anna' },
    { ...CONSOLE, action: 'enable user', subject: 'anna' },
    { ...CONSOLE, action: 'change rights', folder: 2, subject: 'Secret, anna: read' },
    { ...CONSOLE, action: 'change rights', folder: 2, subject: 'Secret, everyone: write' },
    { ...CONSOLE, action: 'change rights', folder: 2, subject: 'Secret, anna: as everyone' },
    { ...CONSOLE, action: 'take library offline', folder: 2, subject: 'Secret' },
    { ...CONSOLE, action: 'bring library online', folder: 2, subject: 'Secret' },
    { ...CONSOLE, action: 'unlock document', document: 1, subject: '/Public/a.txt' },
    { ...CONSOLE, action: 'set password', subject: 'anna' },
  ]);
});

test('Log-ins are in it, those that failed too, and log-outs; what was typed for a name only when it is one', async () => {
  const logIn = (UID: string, PWD: string): Promise<unknown> => call(service, POST, 'AuthenticateUser', { UID, PWD });
  const found = await made(async () => {
    await logIn('ANNA', USER_PASSWORD);
    await logIn('ANNA', 'wrong');
    await logIn('a password in the wrong field', 'any');
    await call(service, POST, 'CreateTicketforUser', { TrustedUserPwd: 'wrong', UserName: 'anna' });
    await call(service, POST, 'CreateTicketforUser', { TrustedUserPwd: TRUSTED_PASSWORD, UserName: ADMIN.name });
    await anna.call('LogOut');
  });
  const error = '[900] Authentication failed';
  expect(found).toMatchObject([
    { user: 'anna', address: HERE, action: 'log-in', session: 2, outcome: 'ok' },
    { user: 'anna', action: 'log-in', session: null, outcome: error },
    { user: null, action: 'log-in', outcome: error },
    { user: null, action: 'trusted log-in', outcome: error },
    { user: 'admin', action: 'trusted log-in', outcome: '[902] Ticket generation are not allowed for this user.' },
    { user: 'anna', action: 'log-out', session: 1, outcome: 'ok' },
  ]);
});

test('What is done to documents and folders is in it, with the numbers of document and version', async () => {
  const version = { document: 1, version: 1_000_000 };
  const found = await made(async () => {
    await anna.createFolder('/Public/folder');
    await anna.commit(await anna.upload(Buffer.from('a')), '/Public/folder/a.txt');
    await anna.store('/Public/folder/a.txt', Buffer.from('b'));
    await anna.download('~D1');
    await anna.openDownload('/Public/folder/a.txt');
    await anna.call('DownloadZipWithHandler', { Paths: '/Public/folder', partialResult: false });
  });
  const byAnna = { user: 'anna', address: HERE, outcome: 'ok' };
  expect(found).toMatchObject([
    { ...byAnna, action: 'create folder', folder: 3, subject: '/Public/folder' },
    { ...byAnna, action: 'commit', session: 1, ...version, subject: '/Public/folder/a.txt' },
    { ...byAnna, action: 'commit', document: 1, version: 1_000_001, subject: '/Public/folder/a.txt' },
    { ...byAnna, action: 'download', document: 1, version: 1_000_001, subject: '~D1' },
    { ...byAnna, action: 'open download', document: 1, version: 1_000_001, subject: '/Public/folder/a.txt' },
    { ...byAnna, action: 'zip', document: 1, version: 1_000_001, subject: 'folder/a.txt' },
  ]);
});

test('A path is in it as it was understood, whatever is around it', async () => {
  const space = '\u3000'.repeat(4000);
  const found = await made(async () => {
    await anna.createFolder(`${space}/Public//folder/${space}`);
    await anna.store(`${space}Public\\folder\\a.txt`, Buffer.from('a'));
    await anna.download(`~d1.${'x'.repeat(4000)}`);
    await anna.openDownload(`~F3/${'/'.repeat(4000)}a.txt`);
  });
  expect(found.map(({ subject }) => subject)).toEqual(['/Public/folder', '/Public/folder/a.txt', '~D1', '~F3/a.txt']);
});

test('What was tried in vain is in it with the reason; calls of nobody are not', async () => {
  const nobody = new Caller(service, 'no ticket');
  const found = await made(async () => {
    for (const caller of [anna, nobody]) {
      await caller.call('CreateFolder', { Path: '/Secret/folder' });
      await caller.call('UploadDocument', { path: '/Nowhere/a.txt', fileContent: Buffer.from('a') });
      await caller.commit('no handler', '/Public/a.txt');
      await caller.call('GetDownloadHandler', { Path: '/Secret/a.txt' });
      await caller.fetchBytes('DownloadDocument', { Path: '/Public/none.txt' });
      await caller.call('DownloadZipWithHandler', { Paths: '/Public/none.txt', partialResult: false });
    }
  });
  expect(found).toMatchObject([
    { user: 'anna', action: 'create folder', subject: '/Secret/folder', outcome: 'Folder not found.' },
    { user: 'anna', action: 'commit', subject: '/Nowhere/a.txt', outcome: 'Folder not found.' },
    { user: 'anna', action: 'commit', subject: '/Public/a.txt', outcome: 'Invalid upload handler.' },
    { user: 'anna', action: 'open download', subject: '/Secret/a.txt', outcome: 'Document not found.' },
    { user: 'anna', action: 'download', subject: '/Public/none.txt', outcome: 'Document not found.' },
    {
      user: 'anna',
      action: 'zip',
      subject: '/Public/none.txt',
      outcome: 'Document not found.',
    },
  ]);
});

test('Of very many refusals the number is in it, and none is longer than it must be', async () => {
  const found = await made(async () => {
    for (let n = 0; n < 103; n++) await anna.call('CreateFolder', { Path: `/${'z'.repeat(5000)}` });
    await service.restart();
  });
  const refused = found.filter(({ action }) => action === 'create folder');
  expect(refused).toHaveLength(100);
  expect(String(refused[0]?.['subject'])).toHaveLength(300);
  expect(found.at(-1)).toMatchObject({
    ...{ user: 'anna', action: 'refusals' },
    outcome: '3 more calls were refused in a minute',
  });
});

test('It can be asked about a user, a document by its number or its path, and a time', async () => {
  await anna.store('/Public/a.txt', Buffer.from('a'));
  const bert = (await service.command(['user', 'add', 'bert'], `${USER_PASSWORD}\n`), await service.trust('bert'));
  await bert.store('/Public/b.txt', Buffer.from('b'));
  await bert.download('/Public/a.txt');
  const actions = async (...options: string[]): Promise<unknown[]> =>
    (await entries(...options)).map(({ action, user }) => `${String(user)}: ${String(action)}`);

  expect(await actions('--user', 'BERT')).toEqual(['bert: trusted log-in', 'bert: commit', 'bert: download']);
  expect(await actions('--document', '1')).toEqual(['anna: commit', 'bert: download']);
  expect(await actions('--document', '/Public/b.txt')).toEqual(['bert: commit']);
  expect(await actions('--document', '1', '--user', 'bert')).toEqual(['bert: download']);
  expect(await actions('--until', '2020-01-01')).toEqual([]);
  expect(await actions('--document', '1', '--since', '2020-01-01', '--until', '2999-01-01')).toHaveLength(2);
  expect(await actions('--since', '2999-01-01')).toEqual([]);
  await expect(service.command(['audit', '--since', 'yesterday'])).rejects.toThrow('It must be a date');
});

test('For people an entry is a line, whatever callers write', async () => {
  await anna.store('/Public/a.txt', Buffer.from('a'));
  await anna.call('CreateFolder', { Path: '/Public/two\nlines\u001b[31m' });
  const lines = (await service.command(['audit', '--user', 'anna'])).split('\n');
  expect(lines).toHaveLength(4);
  expect(lines[1]).toMatch(
    /^[\dT:.-]+Z\tanna\t127.0.0.1\tcommit\tok\tsession 1, document 1, version 1.0.0\t\/Public\/a.txt$/,
  );
  expect(lines[2]).toContain('two\\u{d}\\u{a}lines\\u{1b}[31m');
});

test('It holds no ticket and no password', async () => {
  const admin = await service.logIn();
  await call(service, POST, 'AuthenticateUser', { UID: ADMIN.name, PWD: 'my old password' });
  await admin.call('LogOut');
  const text = await service.command(['audit', '--json']);
  for (const secret of [admin.ticket, anna.ticket, ADMIN.password, TRUSTED_PASSWORD, 'my old password']) {
    expect(text).not.toContain(secret);
  }
});

test.each([
  ['changed', sql`update audit set outcome = 'ok'`],
  ['deleted', sql`delete from audit`],
  ['replaced', sql`insert or replace into audit select * from audit`],
])('Entries cannot be %s', async (_, statement) => {
  const before = await entries();
  await service.database((queries) =>
    /* Not toThrow: the driver makes its errors in the realm of the test file that loaded it first. */
    expect(statement.execute(queries)).rejects.toMatchObject({
      message: expect.stringContaining('An entry of the audit is never changed or deleted.') as string,
    }),
  );
  expect(await entries()).toEqual(before);
});

test('A commit that is taken back leaves no entry that says it was done', async () => {
  const handler = await anna.upload(Buffer.from('a'));
  const outcomes = await Promise.all(Array.from({ length: 4 }, () => anna.commit(handler, '/Public/a.txt')));
  const done = outcomes.filter((outcome) => valueOf(outcome, 'success') === 'true');
  expect(done).toHaveLength(1);
  const found = await entries('--user', 'anna');
  expect(found.filter(({ action, outcome }) => action === 'commit' && outcome === 'ok')).toHaveLength(1);
  expect(found.filter(({ action }) => action === 'commit')).toHaveLength(4);
});

test('It is read page by page, whatever its length', async () => {
  await service.database((queries) =>
    sql`insert into audit (at, address, action, subject, outcome)
      with recursive n(i) as (select 1 union all select i + 1 from n where i < 1200)
      select i, 'here', 'download', 'number ' || i, 'ok' from n`.execute(queries),
  );
  const found = await entries('--until', '1970-01-02');
  expect(found.map(({ subject }) => subject)).toEqual(Array.from({ length: 1200 }, (_, n) => `number ${n + 1}`));
});
