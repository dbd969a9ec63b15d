import fs from 'node:fs';
import { type BenchContext, makePlace } from '../bench-context.js';
import { LoadGenerator } from '../load-generator.js';
import type { DownloadJob } from '../programs/load/load-job.js';
import { GIB, MIB, sizeText } from '../units.js';
import { CARGO_SIZE, makeCargo } from './cargo-file.js';
import { DOWNLOADS, NAMES } from './contestants.js';
import { measure } from './transfers.js';

const CONNECTIONS = 64;
const CHUNK_SIZE = 32 * MIB;

/** How long a reader takes for its chunk, s: many times what the server would. */
const SECONDS = 8;

/** 64 callers download the largest chunk there is, and take their time. */
export async function compareSlowReaders(context: BenchContext): Promise<void> {
  const { cores, programs, results, tell } = context;
  tell(`\nslow readers: ${CONNECTIONS} connections, chunks of ${sizeText(CHUNK_SIZE)} in ${SECONDS} s each`);
  const cargo = makeCargo(makePlace(context, 'cargo'));
  for (const { format, name, start } of DOWNLOADS.filter((role) => role.name !== NAMES.nodeSoap)) {
    const directory = makePlace(context, name);
    const load = new LoadGenerator(programs, cores.load);
    const contestant = await start({ directory, cargo, programs, cores: cores.server, nodeOptions: [] });
    try {
      const ways = await contestant.openDownloads(CONNECTIONS);
      const job: DownloadJob = {
        kind: 'download',
        format,
        chunkSize: CHUNK_SIZE,
        fileSize: CARGO_SIZE,
        seconds: SECONDS,
        requests: 1,
        pace: (CHUNK_SIZE * 4) / 3 / SECONDS,
        ...ways,
      };
      const turn = await measure(load, contestant, job);
      const cpu = (turn.user + turn.system) / (turn.bytes / GIB);
      const { memory, seconds } = turn;
      results.slowReaders.push({
        contestant: name,
        connections: CONNECTIONS,
        chunkSize: CHUNK_SIZE,
        seconds,
        memory,
        cpu,
      });
      tell(
        `  ${name.padEnd(12)} ${sizeText(memory)} above idle, ${cpu.toFixed(2)} s/GiB, all served in ${seconds.toFixed(1)} s`,
      );
    } finally {
      load.stop();
      await contestant.process.stop();
    }
  }
  fs.rmSync(cargo);
}
