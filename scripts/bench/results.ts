/** Which way content goes. */
export type Direction = 'upload' | 'download';

/** One contestant at one chunk size with so many connections. */
export interface TransferResult {
  readonly direction: Direction;
  readonly contestant: string;
  /** Bytes. */
  readonly chunkSize: number;
  readonly connections: number;
  /** Content, MiB/s. */
  readonly throughput: number;
  /** Processor time of the server per GiB of content, s. */
  readonly user: number;
  readonly system: number;
  /** The most it held above what it holds idle, bytes. */
  readonly memory: number;
  /** Of a chunk, ms. */
  readonly p50: number;
  readonly p99: number;
  /** Processor time of the load generator per GiB of content, s: it is not to be what limits. */
  readonly load: number;
}

/** Why a contestant has no result. */
export interface Absence {
  readonly direction: Direction;
  readonly contestant: string;
  readonly chunkSize: number;
  readonly connections: number;
  readonly reason: string;
}

export interface SlowReadersResult {
  readonly contestant: string;
  readonly connections: number;
  readonly chunkSize: number;
  /** How long a reader took for its chunk, s. */
  readonly seconds: number;
  readonly memory: number;
  /** Processor time per GiB, s. */
  readonly cpu: number;
}

/** How long a call took: the median and the rare case, ms, and the processor time of the server, ms. */
export interface CallCost {
  readonly p50: number;
  readonly p99: number;
  readonly cpu: number;
  readonly count: number;
}

/** What a call costs in a small world and in a large one. */
export interface GrowthResult {
  readonly call: string;
  readonly small: string;
  readonly large: string;
  readonly inSmall: CallCost;
  readonly inLarge: CallCost;
}

export interface IdleHandlersResult {
  readonly handlers: number;
  /** Resident memory of a server that has just started beside them, and without them, bytes. */
  readonly memory: number;
  readonly memoryWithout: number;
  /** UploadFileChunk over SOAP 1.1 of 1 MiB chunks beside them, and without them. */
  readonly chunk: CallCost;
  readonly chunkWithout: CallCost;
}

export interface WorkersResult {
  readonly direction: Direction;
  /**
   * Whether server and load generator together have as many cores as there are workers, so that the load generator takes the same part of
   * them from one worker and from two; or all cores, of which one worker leaves the load generator one to itself.
   */
  readonly arrangement: 'a core for each worker' | 'all cores';
  readonly chunkSize: number;
  readonly connections: number;
  /** MiB/s with one worker, and with two. */
  readonly one: number;
  readonly two: number;
  /** Processor time of all of the server's processes per GiB, s. */
  readonly cpuOfOne: number;
  readonly cpuOfTwo: number;
  /** With two workers, of all cores' time: what the server took, the load generator, and whatever else ran. */
  readonly serverShare: number;
  readonly loadShare: number;
  readonly othersShare: number;
}

/** Where the time of a server goes. */
export interface ProfileResult {
  /** The calls it was busy with. */
  readonly work: string;
  /** The functions with the most time of their own: its part of all the time that was not idle. */
  readonly functions: readonly { readonly name: string; readonly share: number }[];
}

/** All that a run has found. */
export interface Results {
  readonly transfers: TransferResult[];
  readonly absences: Absence[];
  readonly slowReaders: SlowReadersResult[];
  readonly growth: GrowthResult[];
  readonly idleHandlers: IdleHandlersResult[];
  readonly workers: WorkersResult[];
  readonly profiles: ProfileResult[];
}

export function noResults(): Results {
  return {
    transfers: [],
    absences: [],
    slowReaders: [],
    growth: [],
    idleHandlers: [],
    workers: [],
    profiles: [],
  };
}
