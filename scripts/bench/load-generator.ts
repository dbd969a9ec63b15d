import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';
import path from 'node:path';
import { bound } from './cores.js';
import type { LoadAnswer, LoadJob, LoadReport } from './programs/load/load-job.js';

/** The process that makes the load. */
export class LoadGenerator {
  readonly #process: ChildProcess;

  /** @param programs The directory of the built programs. */
  constructor(programs: string, cores: string | undefined) {
    const [execPath, ...execArgv] = bound(cores, [process.execPath]);
    this.#process = fork(path.join(programs, 'load-generator.js'), { execPath, execArgv });
  }

  /** Carries out one job. @throws when the server failed at it. */
  async run(job: LoadJob): Promise<LoadReport> {
    this.#process.send(job);
    const [answer] = (await once(this.#process, 'message')) as [LoadAnswer];
    if ('failure' in answer) throw new Error(answer.failure);
    return answer.report;
  }

  stop(): void {
    if (this.#process.connected) this.#process.disconnect();
  }
}
