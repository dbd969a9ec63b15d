import crypto from 'node:crypto';
import { once } from 'node:events';
import fs from 'node:fs';
import http from 'node:http';
import path from 'node:path';
import { makeLog } from '../../src/log.js';
import { refused, valueOf } from '../support/answer.js';
import { AssembledService } from '../support/assembled-service.js';
import { GET, SOAP_11 } from '../support/bindings.js';
import type { Caller } from '../support/caller.js';
import { eventually } from '../support/eventually.js';

/* A caller who takes nothing of an answer keeps the file open that it is read from. */

/** More than the system keeps of an answer for a caller who does not take it. */
const LONG = crypto.randomBytes(20 * 1024 * 1024);

let service: AssembledService;
let anna: Caller;
const lines: string[] = [];

beforeAll(async () => {
  const log = makeLog('info', { write: (line) => void lines.push(line) });
  service = await AssembledService.start({ users: ['anna'], log });
  anna = await service.trust('anna');
  await anna.store('/Public/long.bin', LONG);
});

afterAll(() => service.end());

/** The contents that this process has open though they have no name any more, bytes. */
function heldBytes(): number {
  const files = fs.readdirSync('/proc/self/fd').map((number) => path.join('/proc/self/fd', number));
  /* What the directory itself was read by is closed. */
  const held = files
    .filter((file) => fs.existsSync(file))
    .filter((file) => {
      const target = fs.readlinkSync(file);
      return target.startsWith(path.join(service.data, 'content')) && target.endsWith(' (deleted)');
    });
  return held.reduce((sum, file) => sum + fs.statSync(file).size, 0);
}

test.each([SOAP_11, GET])(
  'A zip that is deleted while it is read takes no bytes any more, and the answer is broken off: $name',
  async (binding) => {
    const opened = await anna.call('DownloadZipWithHandler', { Paths: '/Public/long.bin', partialResult: false });
    const DownloadHandler = valueOf(opened, 'downloadhandler');
    const args = { authenticationTicket: anna.ticket, DownloadHandler, StartOffset: 0, ChunkSize: 2 * LONG.length };
    const { body, headers, method, path: place } = await binding.request('DownloadFileChunk', args);
    const request = http.request(service.url + place, { method, headers, agent: false });
    request.end(body);
    const [response] = (await once(request, 'response')) as [http.IncomingMessage];
    lines.splice(0);

    await anna.call('DeleteDownloadHandler', { DownloadHandler });
    expect(heldBytes()).toBe(0);
    let received = 0;
    const taken = (async () => {
      for await (const piece of response) received += (piece as Buffer).length;
    })();
    await expect(taken).rejects.toThrow('aborted');
    expect(received).toBeLessThan(Number(response.headers['content-length']));
    await eventually(
      () => lines.length,
      (count) => count === 2,
    );
    const told = lines.map((line) => JSON.parse(line) as { level: number; operation: string; outcome: string });
    expect(told).toMatchObject([
      { level: 30, operation: 'DeleteDownloadHandler', outcome: 'ok' },
      { operation: 'DownloadFileChunk', outcome: 'interrupted' },
    ]);
    const gone = 'The download handler does not exist or has expired.';
    expect(await anna.readChunk(DownloadHandler)).toEqual(refused('response', gone));
  },
);
