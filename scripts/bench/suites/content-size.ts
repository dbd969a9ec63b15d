import path from 'node:path';
import zlib from 'node:zlib';
import { type BenchContext, makePlace } from '../bench-context.js';
import { LoadGenerator } from '../load-generator.js';
import { Product } from '../servers/product.js';
import { MIB, sizeText } from '../units.js';
import { CallCosts, callTarget } from './call-cost.js';

const SMALL = MIB;

/** Small contents that are committed, and handlers that are opened, for each large one. */
const SMALL_ONES = 6;
const OPENINGS = 300;

/** What a commit and the opening of a download cost for little content and for much. All of it goes up in chunks before. */
export async function compareContentSizes(context: BenchContext): Promise<void> {
  const { cores, options, programs, results, tell } = context;
  const large = options.largeContent;
  tell(`\ncommit and open: ${sizeText(SMALL)} and ${sizeText(large)}`);
  const load = new LoadGenerator(programs, cores.load);
  const server = await Product.start({
    data: path.join(makePlace(context, 'content-size'), 'data'),
    cores: cores.server,
  });
  const commits = { small: new CallCosts(), large: new CallCosts() };
  const openings = { small: new CallCosts(), large: new CallCosts() };
  const commit = (handler: string, name: string): string =>
    callTarget(server, 'UploadDocumentWithHandler', { path: `/Public/${name}`, uploadHandler: handler });
  const open = (name: string): string => callTarget(server, 'GetDownloadHandler', { Path: `/Public/${name}` });
  try {
    for (let round = 0; round < options.rounds; round++) {
      const [largeOne = ''] = await stage(server, load, large, 1);
      const smallOnes = await stage(server, load, SMALL, SMALL_ONES);
      /* Each alone and after a pause, and the large one among the small ones: a series of commits is quicker than the first of it. */
      for (const [n, id] of smallOnes.entries()) {
        if (n === round % SMALL_ONES)
          await commits.large.measure(load, server, [commit(largeOne, `large-${round}`)], 1);
        await commits.small.measure(load, server, [commit(id, `small-${round}-${n}`)], 1);
      }
      const turns = [
        { costs: openings.large, name: `large-${round}` },
        { costs: openings.small, name: `small-${round}-0` },
      ];
      for (const { costs, name } of round % 2 === 0 ? turns : turns.reverse()) {
        const targets = Array.from({ length: OPENINGS }, () => open(name));
        await costs.measure(load, server, targets, 1);
      }
    }
  } finally {
    load.stop();
    await server.process.stop();
  }
  for (const [call, costs] of [
    ['commit', commits],
    ['open a download', openings],
  ] as const) {
    const inSmall = costs.small.sum;
    const inLarge = costs.large.sum;
    results.growth.push({ call, small: sizeText(SMALL), large: sizeText(large), inSmall, inLarge });
    tell(`  ${call}: ${inSmall.p50.toFixed(2)} ms and ${inLarge.p50.toFixed(2)} ms`);
  }
}

/** Uploads so many contents of a size, up to and with the last chunk. Returns their handlers. */
async function stage(server: Product, load: LoadGenerator, size: number, count: number): Promise<string[]> {
  const places = await server.openUploads(count);
  const chunkSize = Math.min(size, 32 * MIB);
  const requests = size / chunkSize;
  await load.run({ kind: 'upload', format: 'soap', chunkSize, seconds: 3600, requests, ...places });
  await finishUploads(server, places.handlers);
  return places.handlers;
}

/** Sends the last chunk, an empty one. */
export async function finishUploads(server: Product, handlers: readonly string[]): Promise<void> {
  const chunkHEXCRC = zlib.crc32('').toString(16);
  await server.callForEach(handlers, 'UploadFileChunk', (uploadHandler) => ({
    uploadHandler,
    fileChunk: '',
    chunkHEXCRC,
    lastChunk: 'true',
  }));
}
