/** What the load generator is told to do, in a message. Sizes in bytes. */
export type LoadJob = UploadJob | DownloadJob | CallsJob;

/** How a chunk goes up. `tus` is a raw PATCH. */
export type UploadFormat = 'soap' | 'multipart' | 'urlencoded' | 'mtom' | 'tus';

/** How a chunk is asked for. */
export type DownloadFormat = 'soap' | 'get';

interface Job {
  readonly port: number;
  /** No request is begun when this much time has passed; those that run are finished. */
  readonly seconds: number;
  /** At most so many requests on each connection. */
  readonly requests?: number;
}

/** Chunks go up: a connection for each handler, one chunk after the other. */
export interface UploadJob extends Job {
  readonly kind: 'upload';
  readonly format: UploadFormat;
  readonly chunkSize: number;
  readonly ticket: string;
  /** Names of upload handlers; with tus, paths. */
  readonly handlers: readonly string[];
}

/** Chunks come down, round and round through a file: a connection for each handler. */
export interface DownloadJob extends Job {
  readonly kind: 'download';
  readonly format: DownloadFormat;
  readonly chunkSize: number;
  readonly fileSize: number;
  readonly ticket: string;
  readonly handlers: readonly string[];
  /** A slow reader: reads so many bytes a second. */
  readonly pace?: number;
}

/** Small calls over GET, each of which must succeed, dealt out to connections. */
export interface CallsJob extends Job {
  readonly kind: 'calls';
  readonly connections: number;
  /** Request targets: path and query. */
  readonly targets: readonly string[];
}

/** What came of a job. */
export interface LoadReport {
  readonly requests: number;
  /** Of content, in chunks that were answered. */
  readonly bytes: number;
  /** From the first request to the last answer. */
  readonly seconds: number;
  /** Of each request, from its first byte to the last of its answer, ms, in order of size. */
  readonly latencies: readonly number[];
  /** User and system time of the load generator itself, s. */
  readonly ownCpu: number;
}

/** What the load generator sends back. */
export type LoadAnswer = { readonly report: LoadReport } | { readonly failure: string };
