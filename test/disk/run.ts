/**
 * The server that `npm run build` has built, on a disk that really is full, and with no more files to be had: `npm run test:disk`. The disk is a
 * small one in memory, which has to be mounted. Where that is not allowed it says so, and what is left is a server whose files cannot get longer
 * (RLIMIT_FSIZE), which is tried everywhere.
 */
import { execFile } from 'node:child_process';
import fs from 'node:fs/promises';
import path from 'node:path';
import { promisify } from 'node:util';
import { Service } from '../../scripts/client/service.js';
import { RunningServer } from '../../scripts/running-server.js';
import { inTemporaryDirectory } from '../../scripts/temporary-directory.js';
import { eventually } from '../support/eventually.js';
import { Report } from '../support/report.js';
import { readFigures } from '../support/server-figures.js';
import { Round } from './round.js';
import { limitProcess, PAGE, SmallDisk } from './small-disk.js';

const PASSWORD = 'an administrator';
const MIB = 1024 * 1024;

/** The disk, MiB. */
const DISK_SIZE = 24;

/** With more free pages than this no call of a round meets a full disk. */
const MOST_PAGES = 150;

/** How many files more than it has open a server may open: with the last of these every call finds one. */
const FILES_TO_BE_HAD = [0, 1, 2, 3, 5, 8];

/** Free pages a first start is tried with: it needs about 150. */
const PAGES_AT_START = [0, 2, 5, 10, 20, 40, 80, 120];

/** How long files may get, pages: the database is longer than any of these, and so its log gets to be. */
const LONGEST_FILES = [0, 1, 2, 5, 9, 10, 11, 20, 40];

const report = new Report();
await inTemporaryDirectory('disk', run);
report.sum();
process.exitCode = report.failed === 0 ? 0 : 1;

async function run(directory: string): Promise<void> {
  const mounted = await SmallDisk.mount(directory, DISK_SIZE);
  try {
    if (mounted.disk) {
      await tryFullDisk(mounted.disk);
      await tryStarts(mounted.disk);
      await tryReserve(mounted.disk);
    } else {
      console.log(`Left out: a full disk. None can be mounted here (${mounted.why}).`);
    }
    await tryLongestFile(path.join(directory, 'longest file'));
    await tryOpenFiles(path.join(directory, 'open files'));
  } finally {
    await mounted.disk?.unmount();
  }
}

/** Rounds on a disk with ever more space on it, until nothing is refused any more. */
async function tryFullDisk(disk: SmallDisk): Promise<void> {
  const data = path.join(disk.directory, 'full');
  await serve(data, {}, async (server, service, ticket) => {
    let [refused, rounds] = [0, 0];
    await report.check('a disk that is full at any page of a call', async () => {
      for (let pages = 0; pages < MOST_PAGES; pages += pages < 24 ? 1 : 14) {
        const round = new Round(service, ticket, `full ${pages}`);
        await round.begin();
        await disk.leave(pages);
        refused += await round.attempt().finally(() => disk.clear());
        await round.end();
        rounds++;
      }
    });
    report.pass(`${refused} calls were refused in ${rounds} rounds`);
    await checkNothingHeld(server);
  });
  await checkContents(data);
  await fs.rm(data, { recursive: true });
}

async function tryStarts(disk: SmallDisk): Promise<void> {
  let failed = 0;
  for (const pages of PAGES_AT_START) {
    const data = path.join(disk.directory, `start ${pages}`);
    await report.check(`a first start with ${pages} free pages, and the next`, async () => {
      await disk.leave(pages);
      const said = await serve(data, {}, () => Promise.resolve()).then(
        () => undefined,
        (error: unknown) => String(error),
      );
      await disk.clear();
      if (said !== undefined) {
        failed++;
        expectPlainWords(said);
      }
      await serve(data, {}, async (_, service, ticket) => {
        const round = new Round(service, ticket, 'after');
        await round.begin();
        if ((await round.attempt()) > 0) throw new Error('The start after does not serve.');
        await round.end();
      });
    });
    await fs.rm(data, { recursive: true });
  }
  await report.check(`${failed} of ${PAGES_AT_START.length} first starts failed`, () => {
    if (failed === 0) throw new Error('The disk was never full.');
  });
}

/** What a server says that cannot start. */
function expectPlainWords(said: string): void {
  if (!/disk is full|disk of the server is full|disk of the server reports an error|ENOSPC/.test(said)) {
    throw new Error(`It does not say that it is the disk: ${said}`);
  }
  if (said.includes('\n    at ')) throw new Error(`A stack was printed: ${said}`);
}

/** What is to stay free is left for commits. */
async function tryReserve(disk: SmallDisk): Promise<void> {
  const data = path.join(disk.directory, 'reserve');
  const least = 4 * MIB;
  await serve(data, { LIGHTERAGE_MIN_FREE: String(least) }, async (_, service, ticket) => {
    await report.check(
      'new chunks are refused before the disk is full, and taken when there is space again',
      async () => {
        const round = new Round(service, ticket, 'reserve');
        await round.begin();
        await disk.leave(least / PAGE - 1);
        /* It is looked once in a second. */
        await eventually(
          () => create(service, ticket),
          (error) => error.includes('nearly full'),
        );
        await service.call('POST', 'CreateFolder', { authenticationTicket: ticket, Path: '/Public/made' });
        await disk.clear();
        await eventually(
          () => create(service, ticket),
          (error) => error === '',
        );
        if ((await round.attempt()) > 0) throw new Error('It does not go on.');
        await round.end();
      },
    );
  });
  await checkContents(data);
  await fs.rm(data, { recursive: true });
}

/** Makes an upload handler; returns why not. */
async function create(service: Service, ticket: string): Promise<string> {
  const { attributes } = await service.ask('POST', 'CreateUploadHandler', { authenticationTicket: ticket });
  return attributes['error'] ?? '';
}

/** Rounds with files that cannot get longer. */
async function tryLongestFile(data: string): Promise<void> {
  await serve(data, {}, async (server, service, ticket) => {
    let refused = 0;
    await report.check('files that cannot get longer', async () => {
      for (const pages of LONGEST_FILES) {
        const round = new Round(service, ticket, `long ${pages}`);
        await round.begin();
        await limitProcess(server.pid, { fileSize: pages * PAGE });
        refused += await round.attempt().finally(() => limitProcess(server.pid, { fileSize: 'unlimited' }));
        await round.end();
      }
    });
    report.pass(`${refused} calls were refused in ${LONGEST_FILES.length} rounds`);
    await checkNothingHeld(server);
  });
  await checkContents(data);
}

async function tryOpenFiles(data: string): Promise<void> {
  await serve(data, {}, async (server, service, ticket) => {
    for (const more of FILES_TO_BE_HAD) {
      await report.check(`a server that can open ${more} more files`, async () => {
        const round = new Round(service, ticket, `open ${more}`);
        await round.begin();
        /* The limit is on the number a file gets, and the smallest that is free is taken: what is left are these numbers. */
        const { descriptors } = await readFigures(server.pid);
        await limitProcess(server.pid, { openFiles: descriptors + more });
        const refused = await round.attempt().finally(() => limitProcess(server.pid, { openFiles: 1024 }));
        if (more === 0 && refused === 0) throw new Error('Nothing was refused.');
        await round.end();
      });
    }
    await checkNothingHeld(server);
  });
  await checkContents(data);
}

/** Runs a server for as long as `use` takes. */
async function serve(
  data: string,
  environment: Readonly<Record<string, string>>,
  use: (server: RunningServer, service: Service, ticket: string) => Promise<void>,
): Promise<void> {
  const server = await RunningServer.start({
    data,
    adminPassword: PASSWORD,
    environment: {
      ...{ LIGHTERAGE_WORKERS: '1', LIGHTERAGE_LOG_LEVEL: 'silent', LIGHTERAGE_MAX_CALL_RATE: '0' },
      ...{ LIGHTERAGE_MIN_FREE: '0', LIGHTERAGE_PASSWORD_COST: '10' },
      ...environment,
    },
  });
  try {
    const service = new Service(`${server.url}/srv.asmx`);
    const opened = await service.call('POST', 'AuthenticateUser', { UID: 'admin', PWD: PASSWORD });
    await use(server, service, opened.attributes['ticket'] ?? '');
  } finally {
    await server.stop();
  }
}

async function checkNothingHeld(server: RunningServer): Promise<void> {
  await report.check('no content is kept open', () =>
    eventually(
      () => readFigures(server.pid),
      ({ contents }) => contents === 0,
    ),
  );
}

async function checkContents(data: string): Promise<void> {
  await report.check('lighterage check', async () => {
    const { stdout } = await promisify(execFile)(process.execPath, ['dist/main.js', 'check'], {
      env: { ...process.env, LIGHTERAGE_DATA: data },
    });
    if (!stdout.startsWith('All content is there and right')) throw new Error(stdout);
  });
}
