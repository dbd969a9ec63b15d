/**
 * A round trip with a real file, shown step by step: a server of its own on a free port, 64 MiB up over SOAP in chunks, one of them
 * damaged on the way, the commit, and down again over GET. Leaves nothing. Ends with 0 when every byte came back.
 */
import { createHash, randomBytes } from 'node:crypto';
import { createReadStream } from 'node:fs';
import fs from 'node:fs/promises';
import path from 'node:path';
import { pipeline } from 'node:stream/promises';
import { crc32, paddedHex, upperHex } from '../src/values/crc32.js';
import type { Answer } from './client/answer.js';
import { Download } from './client/download.js';
import { Service } from './client/service.js';
import { Session } from './client/session.js';
import { Upload } from './client/upload.js';
import { RunningServer } from './running-server.js';
import { inTemporaryDirectory } from './temporary-directory.js';

const MIB = 1024 * 1024;
const FILE_SIZE = 64 * MIB;
const CHUNK_SIZE = 4 * MIB;
const DOCUMENT = '/Public/Demo/cargo.bin';

/** The chunk that is damaged, counted from 1. */
const DAMAGED = 6;

const USER = 'admin';

let steps = 0;

function step(title: string): void {
  steps++;
  console.log(`\n${steps}. ${title}`);
}

function show(line: string): void {
  console.log(`   ${line}`);
}

function showAnswer({ tag }: Answer): void {
  show(`← ${tag}`);
}

async function main(): Promise<boolean> {
  return inTemporaryDirectory('demo', async (directory) => {
    const started = performance.now();
    const adminPassword = randomBytes(12).toString('base64url');

    step('Start a server');
    const server = await RunningServer.start({ data: path.join(directory, 'data'), adminPassword });
    const service = new Service(`${server.url}/srv.asmx`);
    show(`It serves ${service.url}, with its data in a temporary directory.`);

    step('Make a file of 64 MiB');
    const file = path.join(directory, 'cargo.bin');
    await makeFile(file);
    const sent = await sha256(file);
    show(file);
    show(`SHA-256 ${sent}`);

    step('Log in');
    const session = await Session.logIn(service, USER, adminPassword);
    show('The answer carries a ticket. Every call from here on is made with it.');
    showAnswer(await session.call('SOAP 1.1', 'CreateFolder', { Path: path.posix.dirname(DOCUMENT) }));

    await uploadInChunks(session, file);

    const received = path.join(directory, 'received.bin');
    await downloadInChunks(session, received);

    step('Compare');
    const arrived = await sha256(received);
    show(`SHA-256 ${arrived}`);
    const isSame = arrived === sent;
    show(isSame ? 'Every byte came back.' : 'THE FILES DIFFER.');

    step('Log out and stop the server');
    await session.logOut();
    await server.stop();
    show('The server finished what ran, closed its stores and ended with status 0.');

    const seconds = ((performance.now() - started) / 1000).toFixed(1);
    console.log(
      `\nThe demo ${isSame ? 'succeeded' : 'failed'}: ${steps} steps in ${seconds} s. Nothing is left of it.`,
    );
    return isSame;
  });
}

async function uploadInChunks(session: Session, file: string): Promise<void> {
  step('Upload it over SOAP 1.1, in chunks');
  const upload = await Upload.begin(session, 'SOAP 1.1', CHUNK_SIZE);
  const count = FILE_SIZE / upload.chunkSize;
  show(`CreateUploadHandler: ${count} chunks of ${upload.chunkSize} bytes it is.`);
  const source = await fs.open(file);
  try {
    for (let number = 1; number <= count; number++) {
      const chunk = Buffer.alloc(upload.chunkSize);
      await source.read(chunk, 0, chunk.length);
      if (number === DAMAGED) await sendDamaged(upload, chunk, number);
      const answer = await upload.send(chunk, number === count);
      const says = number === DAMAGED ? 'again, undamaged' : `CRC-32 ${upperHex(crc32(chunk))}`;
      show(`UploadFileChunk ${String(number).padStart(2)} of ${count}, ${says}`);
      if (number === 1 || number === DAMAGED || number === count) showAnswer(answer);
    }
  } finally {
    await source.close();
  }

  step('Commit the upload: it becomes a document');
  show(`UploadDocumentWithHandler ${DOCUMENT}`);
  showAnswer(await upload.commit(DOCUMENT));
}

/** One byte is not what it was when the checksum was taken: the server must notice, and must ask for the chunk again. */
async function sendDamaged(upload: Upload, chunk: Buffer, number: number): Promise<void> {
  const damaged = Buffer.from(chunk);
  damaged[1000] = (damaged[1000] ?? 0) ^ 1;
  show(`UploadFileChunk ${String(number).padStart(2)}, with one bit of it turned over on the way`);
  const answer = await upload.attempt(damaged, crc32(chunk), false);
  showAnswer(answer);
  if (answer.attributes['tryagain'] !== 'true') throw new Error('The server did not notice the damage.');
}

async function downloadInChunks(session: Session, received: string): Promise<void> {
  step('Download it over GET, in chunks');
  const download = await Download.begin(session, 'GET', DOCUMENT, CHUNK_SIZE);
  show(`GetDownloadHandler ${DOCUMENT}`);
  showAnswer(download.answer);
  const target = await fs.open(received, 'w');
  let offset = 0;
  try {
    for await (const chunk of download.chunks()) {
      show(`DownloadFileChunk at ${String(offset).padStart(8)}, CRC-32 ${paddedHex(crc32(chunk))}`);
      await target.writeFile(chunk);
      offset += chunk.length;
    }
  } finally {
    await target.close();
  }
  await download.end();
}

async function makeFile(file: string): Promise<void> {
  const target = await fs.open(file, 'w');
  for (let written = 0; written < FILE_SIZE; written += MIB) await target.writeFile(randomBytes(MIB));
  await target.close();
}

async function sha256(file: string): Promise<string> {
  const hash = createHash('sha256');
  await pipeline(createReadStream(file), hash);
  return hash.digest('hex');
}

try {
  process.exitCode = (await main()) ? 0 : 1;
} catch (error) {
  console.error(`\nThe demo failed: ${error instanceof Error ? error.message : String(error)}`);
  process.exitCode = 1;
}
