/** What of the changes that were not synced is on the disk after a loss of power. The promises must hold whatever it is. */
export interface Survival {
  /** Whether names that were made, and not synced, are there. */
  readonly madeNames: boolean;
  /** Whether names that were taken away, and not synced, are gone. */
  readonly removedNames: boolean;
  /** What is there of bytes that were written, and not synced: nothing, their length, the first half of them, or all. */
  readonly bytes: 'none' | 'zeros' | 'half' | 'all';
}

/** All that was done is there: what a crash of the process leaves. */
export const EVERYTHING: Survival = { madeNames: true, removedNames: true, bytes: 'all' };

/** Each way to lose something. */
export const ALL_LOSSES: readonly Survival[] = (['none', 'zeros', 'half', 'all'] as const).flatMap((bytes) =>
  [true, false].flatMap((madeNames) =>
    [true, false].map((removedNames): Survival => ({ madeNames, removedNames, bytes })),
  ),
);

/** Those that differ most: names of either kind with all bytes or none, and all names with bytes in part. */
export const LOSSES = ALL_LOSSES.filter(
  ({ bytes, madeNames, removedNames }) => bytes === 'none' || bytes === 'all' || (madeNames && removedNames),
);

interface Write {
  readonly position: number;
  readonly bytes: Buffer;
}

/** The file was cut off at a length. */
interface Cut {
  readonly length: number;
}

type FileChange = Write | Cut;

/** A file, with what of it would survive. */
export class FileModel {
  readonly #writes: FileChange[] = [];
  #synced = 0;

  constructor(bytes: Buffer = Buffer.alloc(0)) {
    if (bytes.length > 0) this.write({ position: 0, bytes });
    this.sync(this.writeCount);
  }

  get writeCount(): number {
    return this.#writes.length;
  }

  write(write: Write): void {
    this.#writes.push(write);
  }

  cut(length: number): void {
    this.#writes.push({ length });
  }

  /** What had been written when a sync began is safe once it has ended. */
  sync(writeCount: number): void {
    this.#synced = Math.max(this.#synced, writeCount);
  }

  bytesAfter({ bytes }: Survival): Buffer {
    const synced = this.#writes.slice(0, this.#synced);
    const atRisk = this.#writes.slice(this.#synced);
    switch (bytes) {
      case 'none':
        return compose(synced);
      case 'zeros':
        return compose([...synced, ...atRisk.map(zeroed)]);
      case 'half':
        return compose([...synced, ...firstHalf(atRisk)]);
      case 'all':
        return compose(this.#writes);
    }
  }
}

function zeroed(change: FileChange): FileChange {
  return 'bytes' in change ? { ...change, bytes: Buffer.alloc(change.bytes.length) } : change;
}

function firstHalf(changes: readonly FileChange[]): FileChange[] {
  const whole = changes.slice(0, Math.floor(changes.length / 2));
  const torn = changes[whole.length];
  if (!torn || !('bytes' in torn)) return whole;
  return [...whole, { ...torn, bytes: torn.bytes.subarray(0, torn.bytes.length / 2) }];
}

function compose(changes: readonly FileChange[]): Buffer {
  const ends = changes.map((change) => ('bytes' in change ? change.position + change.bytes.length : change.length));
  const composed = Buffer.alloc(Math.max(0, ...ends));
  let length = 0;
  for (const [n, change] of changes.entries()) {
    if ('bytes' in change) change.bytes.copy(composed, change.position);
    else composed.fill(0, change.length);
    length = 'bytes' in change ? Math.max(length, ends[n] ?? 0) : change.length;
  }
  return composed.subarray(0, length);
}

/** A directory, with those of its names that would survive. */
export class DirectoryModel {
  readonly #names: Map<string, NodeModel>;
  #synced: ReadonlyMap<string, NodeModel>;

  constructor(names: Iterable<readonly [string, NodeModel]> = []) {
    this.#names = new Map(names);
    this.#synced = new Map(this.#names);
  }

  get(name: string): NodeModel | undefined {
    return this.#names.get(name);
  }

  set(name: string, node: NodeModel): void {
    this.#names.set(name, node);
  }

  delete(name: string): void {
    this.#names.delete(name);
  }

  sync(): void {
    this.#synced = new Map(this.#names);
  }

  namesAfter({ madeNames, removedNames }: Survival): Map<string, NodeModel> {
    const made = [...this.#names].filter(([name]) => !this.#synced.has(name));
    const removed = [...this.#synced].filter(([name]) => !this.#names.has(name));
    const kept = [...this.#synced].filter(([name]) => this.#names.has(name));
    return new Map([...kept, ...(madeNames ? made : []), ...(removedNames ? [] : removed)]);
  }
}

export type NodeModel = FileModel | DirectoryModel;

/** What a disk holds: the bytes of each file by its path, and the paths of the directories. */
export interface DiskImage {
  readonly files: ReadonlyMap<string, Buffer>;
  readonly directories: readonly string[];
}

/** What is left of a directory and all below it. Paths are relative to it. */
export function imageAfter(directory: DirectoryModel, survival: Survival): DiskImage {
  const files = new Map<string, Buffer>();
  const directories: string[] = [];
  const visit = (from: DirectoryModel, prefix: string): void => {
    for (const [name, node] of from.namesAfter(survival)) {
      const path = `${prefix}${name}`;
      if (node instanceof FileModel) files.set(path, node.bytesAfter(survival));
      else {
        directories.push(path);
        visit(node, `${path}/`);
      }
    }
  };
  visit(directory, '');
  return { files, directories };
}
