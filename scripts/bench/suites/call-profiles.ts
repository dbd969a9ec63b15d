import fs from 'node:fs';
import path from 'node:path';
import { type BenchContext, makePlace } from '../bench-context.js';
import { LoadGenerator } from '../load-generator.js';
import { summarizeProfile } from '../profile.js';
import { Product } from '../servers/product.js';
import { CallCosts, callTarget } from './call-cost.js';
import { finishUploads } from './content-size.js';

/** Documents that are committed before anything is looked at: so many calls that their code has been compiled for speed. */
const WARM_UP = 1000;

/** Documents that are committed under the profiler, then opened and looked up, each so often. */
const DOCUMENTS = 1000;
const TIMES = 4;

/** Where the time goes of the calls that carry no content, with Node.js's profiler in the process. */
export async function profileCalls(context: BenchContext): Promise<void> {
  const { cores, programs, results, tell } = context;
  tell('\nprofiles of calls without content');
  const profiles = makePlace(context, 'call-profiles');
  const load = new LoadGenerator(programs, cores.load);
  const server = await Product.start({
    data: path.join(makePlace(context, 'profiled-calls'), 'data'),
    cores: cores.server,
    nodeOptions: ['--cpu-prof', `--cpu-prof-dir=${profiles}`],
  });
  const spans: { work: string; from: bigint; until: bigint }[] = [];
  const run = async (work: string, targets: readonly string[]): Promise<void> => {
    const from = process.hrtime.bigint();
    await new CallCosts().measure(load, server, targets, 1);
    spans.push({ work, from, until: process.hrtime.bigint() });
  };
  const commits = async (prefix: string, count: number): Promise<string[]> => {
    const { handlers } = await server.openUploads(count);
    await finishUploads(server, handlers);
    return handlers.map((uploadHandler, n) =>
      callTarget(server, 'UploadDocumentWithHandler', { path: `/Public/${prefix}-${n}`, uploadHandler }),
    );
  };
  try {
    await new CallCosts().measure(load, server, await commits('warm-up', WARM_UP), 1);
    await run('UploadDocumentWithHandler (a commit), GET', await commits('profiled', DOCUMENTS));
    const paths = Array.from({ length: DOCUMENTS * TIMES }, (_, n) => `/Public/profiled-${n % DOCUMENTS}`);
    for (const operation of ['GetDownloadHandler', 'DocumentExists']) {
      await run(
        `${operation}, GET`,
        paths.map((Path) => callTarget(server, operation, { Path })),
      );
    }
  } finally {
    load.stop();
    await server.process.stop();
  }
  const [file = ''] = fs.readdirSync(profiles);
  for (const { from, until, work } of spans) {
    results.profiles.push({ work, functions: summarizeProfile(path.join(profiles, file), from, until) });
  }
}
