import type { DownloadJob, UploadJob } from '../programs/load/load-job.js';
import type { ServerProcess } from '../server-process.js';

/** A server that takes part in a comparison, running. */
export interface Contestant {
  readonly process: ServerProcess;
  /** A place for each of so many uploads that go on side by side: their part of a job. */
  openUploads(count: number): Promise<Pick<UploadJob, 'port' | 'ticket' | 'handlers'>>;
  /** Removes what the uploads left. */
  discardUploads(): Promise<void>;
  /** So many ways to the cargo. */
  openDownloads(count: number): Promise<Pick<DownloadJob, 'port' | 'ticket' | 'handlers'>>;
}

/** What servers are started with. */
export interface Workplace {
  /** A directory of the server's own, empty. */
  readonly directory: string;
  /** A file of content for downloads; undefined when nothing is downloaded. */
  readonly cargo: string | undefined;
  /** The directory of the built programs. */
  readonly programs: string;
  readonly cores: string | undefined;
  /** Options of `node` for the process: a profiler's. */
  readonly nodeOptions: readonly string[];
}

/** Starts a server that takes part. */
export type StartContestant = (workplace: Workplace) => Promise<Contestant>;
