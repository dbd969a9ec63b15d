import { setTimeout as delay } from 'node:timers/promises';
import { type Attack, type Premises, requireThat } from './premises.js';

const MIB = 1024 * 1024;

/** How long a server of these tests waits for the next bytes, seconds. */
export const READ_TIMEOUT = 2;

/** How long slow callers are put up with before it is looked at what became of the others, ms. */
const WHILE_MS = 8_000;

/** Connections that send nothing. */
const SILENT = 5_000;

/** The setting `maxWaiting` of the server, bytes. */
export const MAX_WAITING = 64 * MIB;

/** How much memory the server may have while somebody attacks it, bytes. */
const MOST_MEMORY = 400 * MIB;

/** Connections on which so much is sent ahead that a process without bounds would have more memory than that. */
const AHEAD = 250;

/** Callers who are slow, of each kind: more than there are buffers. */
const SLOW = 100;

/** Callers who do not wait for a large chunk. */
const LEAVERS = 500;

const CHUNKED = 'Host: x\r\nTransfer-Encoding: chunked\r\n';
const XML = 'Content-Type: text/xml\r\nSOAPAction: "http://tempuri.org/UploadDocument"\r\n';
const START =
  '<s:Envelope xmlns:s="http://schemas.xmlsoap.org/soap/envelope/"><s:Body><UploadDocument xmlns="http://tempuri.org/">';
const OPEN = `${START}<fileContent>`;

/** Callers who keep the server waiting, or never come to an end, or go away. */
export const CONNECTIONS: readonly Attack[] = [
  { name: 'bodies in chunks without end', run: endless },
  { name: `${SLOW * 3} callers who send a byte a second`, run: slowSenders },
  { name: `${SLOW} callers who take a byte a second`, run: slowReaders },
  { name: 'requests sent ahead without end, and no answer taken', run: sendAhead },
  { name: 'requests without a host, sent ahead', run: behindAnswer('GET / HTTP/1.1\r\n\r\n'.repeat(3500)) },
  {
    name: 'requests that expect what nobody knows, sent ahead',
    run: behindAnswer('GET / HTTP/1.1\r\nHost:x\r\nExpect:y\r\n\r\n'.repeat(1800)),
  },
  { name: 'heads of a thousand fields, sent ahead', run: behindAnswer(headOfFields(1000).repeat(15)) },
  { name: 'content without a ticket', run: withoutTicket },
  { name: `${SILENT} connections that send nothing`, run: silent },
  { name: 'callers who go away at every point of an upload', run: leaveUpload },
  { name: 'callers who go away at every point of a download', run: leaveDownload },
  { name: `${LEAVERS} chunks for callers who have gone away`, run: leaveChunks },
];

async function endless({ attacker, handler, ticket }: Premises): Promise<void> {
  const piece = Buffer.from(`10000\r\n${'A'.repeat(0x10000)}\r\n`);
  const first = (text: string): string => `${text.length.toString(16)}\r\n${text}\r\n`;
  const chunk =
    `<s:Envelope xmlns:s="http://schemas.xmlsoap.org/soap/envelope/"><s:Body><UploadFileChunk xmlns="http://tempuri.org/">` +
    `<authenticationTicket>${ticket}</authenticationTicket><uploadHandler>${handler}</uploadHandler><fileChunk>`;
  await Promise.all(
    [
      `POST /srv.asmx HTTP/1.1\r\n${CHUNKED}${XML}\r\n${first(START)}`,
      `POST /srv.asmx HTTP/1.1\r\n${CHUNKED}${XML}\r\n${first(OPEN)}`,
      `POST /srv.asmx HTTP/1.1\r\n${CHUNKED}${XML.replace('UploadDocument', 'UploadFileChunk')}\r\n${first(chunk)}`,
      `POST /srv.asmx HTTP/1.1\r\n${CHUNKED}Content-Type: text/plain\r\n\r\n`,
      `POST /srv.asmx/UploadDocument HTTP/1.1\r\n${CHUNKED}Content-Type: application/x-www-form-urlencoded\r\n\r\n${first('fileContent=')}`,
      `POST /srv.asmx/UploadDocument HTTP/1.1\r\n${CHUNKED}Content-Type: multipart/form-data; boundary=b\r\n\r\n`,
      `POST /srv.asmx/ServerInfo HTTP/1.1\r\n${CHUNKED}\r\n`,
      `POST /nothing HTTP/1.1\r\n${CHUNKED}\r\n`,
    ].map((head) => attacker.pour(head, piece, 200 * MIB)),
  );
}

async function slowSenders({ attacker }: Premises): Promise<void> {
  for (let n = 0; n < SLOW; n++) {
    await attacker.drip(`POST /srv.asmx HTTP/1.1\r\nHost: x\r\n${XML}Content-Length: 100000\r\n\r\n${OPEN}`, 1000);
    await attacker.drip(
      `POST /srv.asmx/UploadDocument HTTP/1.1\r\nHost: x\r\nContent-Type: application/x-www-form-urlencoded\r\nContent-Length: 100000\r\n\r\nfileContent=AAAA`,
      1000,
    );
    await attacker.drip(`POST /srv.asmx HTTP/1.1\r\nHost: x\r\nX: `, 1000);
  }
  await delay(WHILE_MS);
  attacker.leave();
}

async function slowReaders({ attacker, figures, ticket }: Premises): Promise<void> {
  for (let n = 0; n < SLOW; n++) {
    await attacker.sip(
      `GET /srv.asmx/DownloadDocument?authenticationTicket=${ticket}&Path=/Public/large.bin HTTP/1.1\r\nHost: x\r\n\r\n`,
      1000,
    );
  }
  await delay(1000);
  const { memory } = await figures();
  requireThat(memory <= MOST_MEMORY, `The server took ${memory} bytes of memory.`);
  /* The system takes some of an answer for a caller who takes none. After that the server waits, and no longer than it says. */
  await delay(WHILE_MS + 2 * READ_TIMEOUT * 1000);
  attacker.leave();
}

async function sendAhead({ attacker, figures }: Premises): Promise<void> {
  const requests = 'GET /srv.asmx?wsdl HTTP/1.1\r\nHost: x\r\nAccept-Encoding: identity\r\n\r\n'.repeat(1500);
  for (let n = 0; n < 20; n++) {
    const socket = await attacker.connect();
    socket.pause();
    socket.write(requests);
  }
  await delay(1000);
  const { memory } = await figures();
  requireThat(memory <= MOST_MEMORY, `The server took ${memory} bytes of memory.`);
  attacker.leave();
}

/** Sends requests behind one whose answer is not taken. */
function behindAnswer(requests: string): Attack['run'] {
  return async ({ attacker, figures, ticket }) => {
    const first = `GET /srv.asmx/DownloadDocument?authenticationTicket=${ticket}&Path=/Public/large.bin HTTP/1.1\r\nHost: x\r\n\r\n`;
    for (let n = 0; n < AHEAD; n++) {
      const socket = await attacker.connect();
      socket.pause();
      socket.write(first + requests);
      /* To read them takes some time of its own, whatever becomes of them. */
      await delay(50);
    }
    await delay(1000);
    const { memory } = await figures();
    requireThat(memory <= MOST_MEMORY, `The server took ${memory} bytes of memory.`);
    attacker.leave();
  };
}

function headOfFields(count: number): string {
  return `GET / HTTP/1.1\r\nHost: x\r\n${Array.from({ length: count }, (_, n) => `f${n}:\r\n`).join('')}\r\n`;
}

async function withoutTicket({ attacker, figures }: Premises): Promise<void> {
  const head =
    'POST /srv.asmx/UploadDocument HTTP/1.1\r\nHost: x\r\nContent-Type: multipart/form-data; boundary=b\r\nContent-Length: 1000000000\r\n\r\n' +
    '--b\r\nContent-Disposition: form-data; name="fileContent"; filename="f"\r\n\r\n';
  const piece = Buffer.alloc(MIB, 'x');
  for (let n = 0; n < 5; n++) {
    const socket = await attacker.connect();
    socket.resume().write(head);
    for (let sent = 0; sent < 60 && socket.writable; sent++) {
      await new Promise<void>((resolve) => socket.write(piece, () => resolve()));
    }
  }
  const { waiting } = await figures();
  requireThat(waiting > 0 && waiting <= MAX_WAITING, `${waiting} bytes wait on the disk.`);
  attacker.leave();
}

async function silent({ attacker }: Premises): Promise<void> {
  for (let opened = 0; opened < SILENT; opened += 250)
    await Promise.all(Array.from({ length: 250 }, () => attacker.connect()));
  await delay(1000);
  requireThat(attacker.open > 0, 'The connections were not taken at all.');
  attacker.leave();
}

async function leaveUpload({ attacker, handler, ticket }: Premises): Promise<void> {
  const body = Buffer.from(
    `--b\r\nContent-Disposition: form-data; name="authenticationTicket"\r\n\r\n${ticket}\r\n` +
      `--b\r\nContent-Disposition: form-data; name="uploadHandler"\r\n\r\n${handler}\r\n` +
      `--b\r\nContent-Disposition: form-data; name="fileChunk"; filename="f"\r\n\r\n${'x'.repeat(600_000)}\r\n` +
      '--b\r\nContent-Disposition: form-data; name="chunkHEXCRC"\r\n\r\n1\r\n--b--\r\n',
  );
  const head = `POST /srv.asmx/UploadFileChunk HTTP/1.1\r\nHost: x\r\nContent-Type: multipart/form-data; boundary=b\r\nContent-Length: ${body.length}\r\n\r\n`;
  const request = Buffer.concat([Buffer.from(head), body]);
  const points = [
    ...every(0, 600, 20),
    ...every(600, request.length, 60_000),
    ...every(request.length - 100, request.length, 10),
  ];
  await Promise.all(
    points.map(async (point) => {
      const socket = await attacker.connect();
      await new Promise((resolve) => socket.write(request.subarray(0, point), resolve));
      socket.destroy();
    }),
  );
}

async function leaveDownload({ attacker, ticket }: Premises): Promise<void> {
  const request = `GET /srv.asmx/DownloadDocument?authenticationTicket=${ticket}&Path=/Public/large.bin HTTP/1.1\r\nHost: x\r\n\r\n`;
  const points = [0, 1, 100, 300, 1000, 10_000, ...every(100_000, 6 * MIB, 200_000)];
  for (const times of [1, 3]) {
    await Promise.all(
      points.map(async (point) => {
        const socket = await attacker.connect();
        let received = 0;
        const enough = new Promise<void>((resolve) => {
          socket.once('close', () => resolve());
          socket.on('data', (bytes) => {
            received += bytes.length;
            if (received >= point) resolve();
          });
          if (point === 0) setImmediate(resolve);
        });
        socket.write(request.repeat(times));
        await enough;
        socket.destroy();
      }),
    );
  }
}

async function leaveChunks({ attacker, ticket }: Premises): Promise<void> {
  const opened = await attacker.ask(
    `GET /srv.asmx/GetDownloadHandler?AuthenticationTicket=${ticket}&Path=/Public/large.bin&PreferedChunkSize=0 HTTP/1.1\r\nHost: x\r\n\r\n`,
  );
  const handler = /downloadhandler="([^"]+)"/.exec(opened)?.[1] ?? '';
  const request = `HEAD /srv.asmx/DownloadFileChunk?authenticationTicket=${ticket}&DownloadHandler=${handler}&StartOffset=0&ChunkSize=33554432 HTTP/1.1\r\nHost: x\r\n\r\n`;
  /* Not all at once, which would take its time without any chunk. */
  for (let sent = 0; sent < LEAVERS; sent += 50) {
    await delay(50);
    await Promise.all(
      Array.from({ length: 50 }, async () => {
        const socket = await attacker.connect();
        await new Promise((resolve) => socket.write(request, resolve));
        socket.destroy();
      }),
    );
  }
}

function every(from: number, to: number, step: number): number[] {
  return Array.from({ length: Math.ceil((to - from) / step) }, (_, n) => from + n * step);
}
