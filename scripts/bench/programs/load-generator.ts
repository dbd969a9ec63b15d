/** The load: carries out the jobs it gets as messages, one after the other, and answers each with a report. */
import { Connection } from './load/connection.js';
import type { LoadAnswer, LoadJob, LoadReport } from './load/load-job.js';
import { downloadRequests, getRequest, type Request, uploadRequests } from './load/requests.js';
import type { Response } from './load/response-reader.js';

process.on('disconnect', () => process.exit(0));
process.on('message', (job) => void answer(job as LoadJob));

async function answer(job: LoadJob): Promise<void> {
  try {
    tell({ report: await run(job) });
  } catch (error) {
    tell({ failure: error instanceof Error ? error.message : String(error) });
  }
}

function tell(message: LoadAnswer): void {
  process.send?.(message);
}

async function run(job: LoadJob): Promise<LoadReport> {
  const sequences = sequencesOf(job);
  const pace = job.kind === 'download' ? job.pace : undefined;
  const connections = await Promise.all(sequences.map(() => Connection.open(job.port, pace)));
  const cpu = process.cpuUsage();
  const started = performance.now();
  const latencies: number[] = [];
  try {
    await Promise.all(
      connections.map((connection, index) => carry(job, connection, sequences[index], started, latencies)),
    );
  } finally {
    for (const connection of connections) connection.close();
  }
  const { user, system } = process.cpuUsage(cpu);
  return {
    requests: latencies.length,
    bytes: job.kind === 'calls' ? 0 : latencies.length * job.chunkSize,
    seconds: (performance.now() - started) / 1000,
    latencies: latencies.sort((a, b) => a - b),
    ownCpu: (user + system) / 1e6,
  };
}

/** The requests of one connection: by number, undefined when there are no more. */
type Sequence = (n: number) => Request | undefined;

function sequencesOf(job: LoadJob): Sequence[] {
  switch (job.kind) {
    case 'upload':
      return uploadRequests(job);
    case 'download':
      return downloadRequests(job);
    case 'calls':
      return Array.from({ length: job.connections }, (_, index) => (n: number) => {
        const target = job.targets[n * job.connections + index];
        return target === undefined ? undefined : [getRequest(target)];
      });
  }
}

async function carry(
  job: LoadJob,
  connection: Connection,
  sequence: Sequence | undefined,
  started: number,
  latencies: number[],
): Promise<void> {
  const last = started + job.seconds * 1000;
  for (let n = 0; n < (job.requests ?? Infinity); n++) {
    const request = sequence?.(n);
    const begun = performance.now();
    if (!request || (n > 0 && begun > last)) return;
    check(job, await connection.exchange(request));
    latencies.push(performance.now() - begun);
  }
}

/** What is measured must be work well done. */
function check(job: LoadJob, { length, opening, status }: Response): void {
  if (job.kind === 'upload' && job.format === 'tus' && status === 204) return;
  const isRight = status === 200 && opening.includes('success="true"');
  if (isRight && (job.kind !== 'download' || length > (job.chunkSize / 3) * 4)) return;
  throw new Error(`The server answered ${status}: ${opening.slice(0, 500)}`);
}
