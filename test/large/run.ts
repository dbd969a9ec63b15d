/**
 * Carries a file of 3 GiB up in chunks of 32 MiB over SOAP, and down again, the first 2 GiB over SOAP and the rest over GET, and
 * looks at what memory the server took for it. Takes 7 GiB of disk for a while.
 */
import { execFile } from 'node:child_process';
import { createHash, randomBytes } from 'node:crypto';
import fs from 'node:fs/promises';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { peakMemoryOfFamily } from '../../scripts/bench/process-usage.js';
import { Download } from '../../scripts/client/download.js';
import { Service } from '../../scripts/client/service.js';
import { Session } from '../../scripts/client/session.js';
import { uploadFile } from '../../scripts/client/upload.js';
import { RunningServer } from '../../scripts/running-server.js';
import { inTemporaryDirectory } from '../../scripts/temporary-directory.js';
import { Report } from '../support/report.js';

const MIB = 1024 * 1024;
const GIB = 1024 * MIB;

const FILE_SIZE = 3 * GIB;
const CHUNK_SIZE = 32 * MIB;
const DISK_NEEDED = 7 * GIB;

/** Where a signed 32-bit offset ends. */
const TWO_GIB = 2 * GIB;

/** What all processes of the server together may have had resident at their peaks, bytes. */
const MEMORY_LIMIT = 400 * MIB;

/** Of the server: given, so that the memory is the same on machines with other numbers of cores. */
const WORKERS = 2;

const DOCUMENT = '/Public/large.bin';
const REPOSITORY = fileURLToPath(new URL('../..', import.meta.url));

const report = new Report();
await inTemporaryDirectory('large', (directory) => run(directory));
report.sum();
process.exitCode = report.failed === 0 ? 0 : 1;

async function run(directory: string): Promise<void> {
  const file = path.join(directory, 'large.bin');
  const data = path.join(directory, 'data');
  const sent = await report.check('there is a file of 3 GiB', async () => {
    const { bavail, bsize } = await fs.statfs(directory);
    if (bavail * bsize < DISK_NEEDED) throw new Error(`there is no room for it: ${DISK_NEEDED / GIB} GiB are needed`);
    return makeFile(file);
  });
  if (sent === undefined) return;
  const adminPassword = randomBytes(12).toString('base64url');
  const environment = { LIGHTERAGE_WORKERS: String(WORKERS), LIGHTERAGE_LOG_LEVEL: 'warn' };
  const server = await report.check('the server starts', () =>
    RunningServer.start({ data, adminPassword, environment }),
  );
  if (!server) return;
  const idle = peakMemoryOfFamily(server.pid);
  await carry(server, adminPassword, file, sent);
  await report.check(`its memory stays below ${MEMORY_LIMIT / MIB} MiB`, () => {
    const peak = peakMemoryOfFamily(server.pid);
    console.log(
      `      ${WORKERS + 1} processes: ${Math.round(peak / MIB)} MiB at their peaks, ${Math.round(idle / MIB)} MiB after the start`,
    );
    if (peak > MEMORY_LIMIT) throw new Error('it took more');
  });
  await report.check('the server stops', () => server.stop());
  await report.check('lighterage check finds nothing wrong', () =>
    timed('read', FILE_SIZE, () =>
      promisify(execFile)(process.execPath, ['dist/main.js', 'check', '--data', data], { cwd: REPOSITORY }),
    ),
  );
}

async function carry(server: RunningServer, adminPassword: string, file: string, sent: string): Promise<void> {
  const service = new Service(`${server.url}/srv.asmx`);
  const session = await report.check('a user logs in', () => Session.logIn(service, 'admin', adminPassword));
  if (!session) return;
  const how = { binding: 'SOAP 1.1', chunkSize: CHUNK_SIZE, progress: () => undefined } as const;
  await report.check(`it goes up over SOAP in chunks of ${CHUNK_SIZE / MIB} MiB`, () =>
    timed('up', FILE_SIZE, () => uploadFile(session, file, DOCUMENT, how)),
  );
  const download = await report.check('it is opened for download, and has its size', async () => {
    const opened = await Download.begin(session, 'SOAP 1.1', DOCUMENT, CHUNK_SIZE);
    if (opened.size !== FILE_SIZE) throw new Error(`the server says ${opened.size} bytes`);
    return opened;
  });
  if (!download) return;
  await report.check('it comes down, below 2 GiB over SOAP and above over GET, and is the same', async () => {
    const received = await timed('down', FILE_SIZE, () => receive(download));
    if (received !== sent) throw new Error(`its SHA-256 is ${received} instead of ${sent}`);
  });
  await report.check('a chunk that lies across the limit of 2 GiB is the same', async () => {
    const offset = TWO_GIB - 1001;
    const chunk = await download.read(offset);
    if (!chunk.equals(await readAt(file, offset, CHUNK_SIZE))) throw new Error('it is not');
  });
  await report.check('the user logs out', () => session.logOut());
}

/** Reads all of it; returns its SHA-256. */
async function receive(download: Download): Promise<string> {
  const hash = createHash('sha256');
  for (let offset = 0; offset < download.size;) {
    const chunk = await download.read(offset, offset < TWO_GIB ? 'SOAP 1.1' : 'GET');
    hash.update(chunk);
    offset += chunk.length;
  }
  return hash.digest('hex');
}

/** Makes the file; returns its SHA-256. Random bytes are dear, so the same are used for each chunk, begun at another of them. */
async function makeFile(name: string): Promise<string> {
  const bytes = randomBytes(CHUNK_SIZE);
  const hash = createHash('sha256');
  const file = await fs.open(name, 'w');
  try {
    for (let number = 0; number < FILE_SIZE / CHUNK_SIZE; number++) {
      const start = number * 4099;
      for (const part of [bytes.subarray(start), bytes.subarray(0, start)]) {
        hash.update(part);
        await file.writeFile(part);
      }
    }
  } finally {
    await file.close();
  }
  return hash.digest('hex');
}

async function readAt(name: string, offset: number, length: number): Promise<Buffer> {
  const file = await fs.open(name);
  try {
    const buffer = Buffer.alloc(length);
    const { bytesRead } = await file.read(buffer, 0, length, offset);
    return buffer.subarray(0, bytesRead);
  } finally {
    await file.close();
  }
}

/** Does something with so many bytes, and prints how long it took. */
async function timed<T>(what: string, bytes: number, work: () => Promise<T>): Promise<T> {
  const started = performance.now();
  const result = await work();
  const seconds = (performance.now() - started) / 1000;
  console.log(`      ${what}: ${seconds.toFixed(1)} s, ${Math.round(bytes / MIB / seconds)} MiB/s`);
  return result;
}
