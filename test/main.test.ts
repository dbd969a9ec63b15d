import { spawn } from 'node:child_process';
import { once } from 'node:events';
import fs from 'node:fs/promises';
import path from 'node:path';
import { PassThrough, Readable } from 'node:stream';
import { runCommandLine } from '../src/commands/command-line.js';
import { AuditTrail } from '../src/storage/audit-trail.js';
import { Database } from '../src/storage/database.js';
import { newGuid } from '../src/values/guid.js';
import { PRODUCT_VERSION } from '../src/values/product-version.js';
import { CHEAP_PASSWORDS } from './support/running-service.js';
import { PROGRAM } from './support/server-process.js';
import { scratchDirectory } from './support/scratch-directory.js';

let data: string;

beforeEach(() => {
  data = scratchDirectory();
});

afterEach(() => fs.rm(data, { recursive: true, force: true }));

interface Run {
  readonly status: number | null;
  readonly output: string;
  readonly errors: string;
}

interface RunOptions {
  readonly input?: Readable & { isTTY?: boolean };
  readonly environment?: Record<string, string>;
}

/** Runs a command in this process, with streams of its own. */
async function run(args: readonly string[], { input = Readable.from([]), environment }: RunOptions = {}): Promise<Run> {
  const [output, errors] = [new PassThrough(), new PassThrough()];
  const status = await runCommandLine(args, {
    input,
    output,
    errors,
    environment: environment ?? { LIGHTERAGE_DATA: data, LIGHTERAGE_PASSWORD_COST: CHEAP_PASSWORDS },
  });
  return { status, output: String(output.read() ?? ''), errors: String(errors.read() ?? '') };
}

/** Runs the program as people do. */
function runProgram(args: readonly string[], input: string): Promise<Run> {
  return new Promise((resolve, reject) => {
    const child = spawn(process.execPath, [PROGRAM, ...args], {
      env: { PATH: process.env['PATH'] ?? '', LIGHTERAGE_DATA: data },
    });
    let [output, errors] = ['', ''];
    child.stdout.setEncoding('utf8').on('data', (text: string) => (output += text));
    child.stderr.setEncoding('utf8').on('data', (text: string) => (errors += text));
    child.on('error', reject);
    child.on('close', (status) => resolve({ status, output, errors }));
    child.stdin.end(input);
  });
}

const succeeded = { status: 0, output: '', errors: '' };
const failed = (line: string): Run => ({ status: 1, output: '', errors: `lighterage: ${line}\n` });
const misused = (line: string): Run => ({ status: 2, output: '', errors: `lighterage: ${line}\n` });

const addUser = (name: string, ...options: string[]): Promise<Run> =>
  run(['user', 'add', name, ...options], { input: Readable.from(['secret\n']) });

/** The rows of a table that was printed, without its head. */
const rows = ({ output }: Run): string[][] =>
  output
    .trimEnd()
    .split('\n')
    .slice(1)
    .map((line) => line.trimEnd().split(/ {2,}/));

describe('As a program,', () => {
  test('it does what it is told, and reads a password from the standard input', async () => {
    expect(await runProgram(['user', 'add', 'anna'], 'secret\nrest\n')).toEqual(succeeded);
    expect(rows(await run(['user', 'list']))).toEqual([['anna', 'user', 'enabled', 'anna']]);
  });

  test('it tells of a failure in one line on the standard error, and by its status', async () => {
    expect(await runProgram(['user', 'disable', 'nobody'], '')).toEqual(failed('There is no user "nobody".'));
  });
});

test('A server whose certificate cannot be read is not started, and the setting is named', async () => {
  const missing = path.join(data, 'missing.pem');
  const serve = [
    'serve',
    '--workers',
    '1',
    '--port',
    '0',
    '--password-cost',
    CHEAP_PASSWORDS,
    '--tls-certificate',
    missing,
  ];
  expect(await runProgram([...serve, '--tls-key', missing], '')).toMatchObject(
    misused(`Setting tlsCertificate: the file cannot be read: ENOENT: no such file or directory, open '${missing}'`),
  );
  expect(await runProgram(serve, '')).toMatchObject(
    misused('The settings tlsCertificate and tlsKey must be set together.'),
  );
});

test('As a program, it writes nothing that other users of the machine may read', async () => {
  const before = process.umask(0o022);
  try {
    expect(await runProgram(['user', 'add', 'anna'], 'secret\n')).toEqual(succeeded);
  } finally {
    process.umask(before);
  }
  const names = await fs.readdir(data);
  expect(names).toContain('lighterage.sqlite');
  for (const name of names) expect((await fs.stat(path.join(data, name))).mode & 0o077).toBe(0);
});

test.each([['audit'], ['audit --json']])('As a program, %s ends quietly when nobody reads any more', async (args) => {
  await run(['user', 'add', 'anna'], { input: Readable.from(['secret\n']) });
  const database = new Database(path.join(data, 'lighterage.sqlite'));
  const events = Array.from({ length: 10_000 }, (_, n) => ({ action: 'zip', subject: `/Public/${n}` }) as const);
  await new AuditTrail(database, Date.now).recordAlone({ address: 'test' }, ...events);
  await database.close();
  const child = spawn(process.execPath, [PROGRAM, ...args.split(' ')], {
    env: { PATH: process.env['PATH'] ?? '', LIGHTERAGE_DATA: data },
  });
  let errors = '';
  child.stderr.setEncoding('utf8').on('data', (text: string) => (errors += text));
  child.stdout.once('data', () => child.stdout.destroy());
  const [status] = (await once(child, 'close')) as [number | null];
  expect({ status, errors }).toEqual({ status: 0, errors: '' });
});

test('As a program, it tells in one line that what it prints cannot be written', async () => {
  const full = await fs.open('/dev/full', 'w');
  const child = spawn(process.execPath, [PROGRAM, 'settings'], { stdio: ['ignore', full.fd, 'pipe'] });
  let errors = '';
  child.stderr?.setEncoding('utf8').on('data', (text: string) => (errors += text));
  const [status] = (await once(child, 'close')) as [number | null];
  await full.close();
  expect({ status, errors }).toEqual({
    status: 1,
    errors: 'lighterage: The output could not be written: ENOSPC: no space left on device, write\n',
  });
});

describe('Users', () => {
  test('are added, listed, disabled, enabled', async () => {
    expect(
      await addUser('admin', '--administrator', '--first-name', 'Ada', '--last-name', 'Berg', '--email', 'a@b.example'),
    ).toEqual(succeeded);
    expect(await addUser('Bert')).toEqual(succeeded);
    expect(await run(['user', 'disable', 'bert'])).toEqual(succeeded);
    expect(rows(await run(['user', 'list']))).toEqual([
      ['admin', 'administrator', 'enabled', 'Ada Berg', 'a@b.example'],
      ['Bert', 'user', 'disabled', 'Bert'],
    ]);
    expect(await run(['user', 'enable', 'BERT'])).toEqual(succeeded);
    expect(rows(await run(['user', 'list']))[1]).toEqual(['Bert', 'user', 'enabled', 'Bert']);
  });

  test('are not added twice', async () => {
    await addUser('anna');
    expect(await addUser('ANNA')).toEqual(failed('There is a user "ANNA" already.'));
  });

  test('are not added without a password', async () => {
    expect(await run(['user', 'add', 'anna'])).toEqual(failed('No password was given.'));
    expect(await run(['user', 'add', 'anna'], { input: Readable.from(['\n']) })).toEqual(
      failed('The password must not be empty.'),
    );
  });

  test('get a new password, which ends their sessions', async () => {
    await addUser('anna');
    const database = new Database(path.join(data, 'lighterage.sqlite'));
    try {
      const hash = async (): Promise<string> =>
        (await database.queries.selectFrom('users').select('password_hash').executeTakeFirstOrThrow()).password_hash;
      const before = await hash();
      await database.queries
        .insertInto('sessions')
        .values({ ticket_hash: 'x', user_id: 1, created_at: 0, used_at: Date.now() })
        .execute();
      expect(await run(['user', 'password', 'anna'], { input: Readable.from(['ot', 'her']) })).toEqual(succeeded);
      expect(await hash()).not.toBe(before);
      expect(await database.queries.selectFrom('sessions').selectAll().execute()).toEqual([]);
    } finally {
      await database.close();
    }
  });

  test('who type a password type it twice, and do not see it', async () => {
    const input = Object.assign(new PassThrough(), { isTTY: true });
    const adding = run(['user', 'add', 'anna'], { input });
    input.write('secre\u007fet\rsecret\r');
    expect(await adding).toEqual({ status: 0, output: '', errors: 'Password: \nPassword again: \n' });
  });

  test('who type two different passwords are told so', async () => {
    const input = Object.assign(new PassThrough(), { isTTY: true });
    const adding = run(['user', 'add', 'anna'], { input });
    input.write('secret\rsecrets\r');
    expect(await adding).toMatchObject({
      status: 1,
      errors: 'Password: \nPassword again: \nlighterage: The two passwords are not the same.\n',
    });
  });
});

describe('Libraries', () => {
  test('are added and listed with their rights', async () => {
    await addUser('anna');
    expect(await run(['library', 'add', 'Finance'])).toEqual(succeeded);
    expect(await run(['library', 'add', 'Open', '--everyone', 'read'])).toEqual(succeeded);
    expect(await run(['library', 'grant', 'finance', 'ANNA', 'write'])).toEqual(succeeded);
    expect(await run(['library', 'grant', 'open', 'everyone', 'write'])).toEqual(succeeded);
    expect(await run(['library', 'offline', 'open'])).toEqual(succeeded);
    expect(rows(await run(['library', 'list']))).toEqual([
      ['Finance', 'online', 'none', 'anna: write'],
      ['Open', 'offline', 'write'],
    ]);
    expect(await run(['library', 'revoke', 'Finance', 'anna'])).toEqual(succeeded);
    expect(await run(['library', 'revoke', 'Open', 'Everyone'])).toEqual(succeeded);
    expect(await run(['library', 'online', 'open'])).toEqual(succeeded);
    expect(rows(await run(['library', 'list']))).toEqual([
      ['Finance', 'online', 'none'],
      ['Open', 'online', 'none'],
    ]);
  });

  test('that are not there are told of', async () => {
    expect(await run(['library', 'offline', 'Nowhere'])).toEqual(failed('There is no library "Nowhere".'));
  });

  test('have documents that can be unlocked by their path only when they are there', async () => {
    expect(await run(['library', 'unlock', '/Nowhere/a.txt'])).toEqual(failed('Document not found.'));
  });
});

describe('The check', () => {
  test('says that all is well', async () => {
    expect(await run(['check'])).toEqual({
      status: 0,
      output: 'All content is there and right, and there is no other.\n',
      errors: '',
    });
  });

  test('prints each finding and fails', async () => {
    await run(['check']);
    const id = newGuid();
    await fs.writeFile(path.join(data, 'content', id.slice(0, 2), id), '');
    expect(await run(['check'])).toEqual({
      status: 1,
      output: `content ${id} lies in the content store, and no record names it\n`,
      errors: 'lighterage: There is 1 finding.\n',
    });
  });
});

describe('The settings', () => {
  test('are printed with where they come from, and secrets are not shown', async () => {
    const { output, status } = await run(['settings', '--port', '99', '--trust-proxy'], {
      environment: { LIGHTERAGE_HOST: '::1', LIGHTERAGE_TRUSTED_PASSWORD: 'hush' },
    });
    expect(status).toBe(0);
    expect(output).not.toContain('hush');
    expect(output).toMatch(/^port +99 +--port$/m);
    expect(output).toMatch(/^host +::1 +LIGHTERAGE_HOST$/m);
    expect(output).toMatch(/^trustProxy +true +--trust-proxy$/m);
    expect(output).toMatch(/^trustedPassword +\(secret\) +LIGHTERAGE_TRUSTED_PASSWORD$/m);
    expect(output).toMatch(/^adminPassword +\(not set\) +default$/m);
    expect(output).toMatch(/^memory +128MiB +default$/m);
  });

  test('that are wrong stop every command with a line that names them', async () => {
    expect(await run(['check'], { environment: { LIGHTERAGE_PORT: 'x' } })).toEqual(
      misused('Setting port, from LIGHTERAGE_PORT: "x" must be a whole number from 0 to 65535.'),
    );
  });

  test('in a file that is not JSON are told of without a word of it, for it may hold secrets', async () => {
    const file = path.join(data, 'settings.json');
    await fs.writeFile(file, '{ "adminPassword": hunter2 }');
    expect(await run(['settings', '--config', file])).toEqual(misused(`The settings file ${file} is not JSON.`));
  });

  test('that are secret cannot be given as flags', async () => {
    expect(await run(['settings', '--admin-password', 'x'])).toEqual(misused("unknown option '--admin-password'"));
  });
});

test.each([
  [['fly'], "unknown command 'fly'"],
  [['user', 'fly'], "unknown command 'fly'"],
  [['user', 'add'], "missing required argument 'name'"],
  [['user', 'list', 'x'], "too many arguments for 'list'. Expected 0 arguments but got 1."],
  [['check', '--deep'], "unknown option '--deep'"],
])('Called as %j it says what is wrong, with status 2', async (args, line) => {
  expect(await run(args)).toEqual(misused(line));
});

test('Called with nothing it explains itself, with status 2', async () => {
  const { status, errors } = await run([]);
  expect(status).toBe(2);
  expect(errors).toContain('Usage: lighterage');
});

test.each([['--version'], ['-V']])('%s prints the version', async (flag) => {
  expect(await run([flag])).toEqual({ status: 0, output: `${PRODUCT_VERSION}\n`, errors: '' });
});

test('A data directory that is not there is not made by a command', async () => {
  await fs.rm(data, { recursive: true });
  expect(await run(['user', 'list'])).toEqual(
    failed(`There is no data directory ${data}. The server makes it on its first start.`),
  );
  await expect(fs.stat(data)).rejects.toMatchObject({ code: 'ENOENT' });
});
