import path from 'node:path';
import { type BenchContext, makePlace } from '../bench-context.js';
import { LoadGenerator } from '../load-generator.js';
import { Product } from '../servers/product.js';
import { MIB, sizeText } from '../units.js';
import { CallCosts } from './call-cost.js';

const CHUNK_SIZE = MIB;
const CONNECTIONS = 4;
const WARM_UP_SECONDS = 3;

/** What upload handlers cost that are open and idle: memory, and time per chunk beside them. */
export async function measureIdleHandlers(context: BenchContext): Promise<void> {
  const { cores, options, programs, results, tell } = context;
  const count = options.idleHandlers;
  tell(`\nbeside ${count.toLocaleString('en')} idle upload handlers`);
  const load = new LoadGenerator(programs, cores.load);
  const servers: { server: Product; chunks: CallCosts }[] = [];
  try {
    for (const handlers of [0, count]) {
      const data = path.join(makePlace(context, `handlers-${handlers}`), 'data');
      const first = await Product.start({ data, cores: undefined });
      await first.openUploads(handlers);
      await first.process.stop();
      servers.push({ server: await Product.start({ data, cores: cores.server }), chunks: new CallCosts() });
    }
    for (const { server } of servers) await measureChunks(new CallCosts(), load, server, WARM_UP_SECONDS);
    for (let round = 0; round < options.rounds; round++) {
      const order = round % 2 === 0 ? servers : servers.toReversed();
      for (const { server, chunks } of order) await measureChunks(chunks, load, server, options.seconds);
    }
  } finally {
    load.stop();
    for (const { server } of servers) await server.process.stop();
  }
  const [without, beside] = servers;
  if (!without || !beside) return;
  const result = {
    handlers: count,
    memory: beside.server.process.idleMemory,
    memoryWithout: without.server.process.idleMemory,
    chunk: beside.chunks.sum,
    chunkWithout: without.chunks.sum,
  };
  results.idleHandlers.push(result);
  tell(
    `  ${sizeText(result.memory)} and ${sizeText(result.memoryWithout)} without; ` +
      `${result.chunk.p50.toFixed(2)} ms a chunk and ${result.chunkWithout.p50.toFixed(2)} ms without`,
  );
}

async function measureChunks(costs: CallCosts, load: LoadGenerator, server: Product, seconds: number): Promise<void> {
  const places = await server.openUploads(CONNECTIONS);
  await costs.measureJob(load, server, { kind: 'upload', format: 'soap', chunkSize: CHUNK_SIZE, seconds, ...places });
  await server.discardUploads();
}
