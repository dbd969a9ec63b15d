import fs from 'node:fs';
import path from 'node:path';
import { type FileOperations, systemFiles } from '../../../src/storage/file-operations.js';
import { DirectoryModel, FileModel, type NodeModel } from './disk-model.js';

/** A model of the disk. */
interface Disk {
  readonly root: DirectoryModel;
  /** Files by the numbers they were given here: one may be written to that has no name any more. */
  readonly files: Map<number, FileModel>;
}

/** Something that was done to the disk, to be done again to a model of it. */
type Change = (disk: Disk) => void;

/** A moment between two changes. */
interface Moment {
  readonly change: Change;
  /** How long the database's log was when the next change began, bytes: what lies between may be there, or not. */
  logLength: number;
  /** How much of the log is safe, bytes. */
  readonly safeLogLength: number;
}

/** The process is killed: nothing it asks for is done any more. */
export class Killed extends Error {
  override readonly name = 'Killed';
}

/**
 * The file operations of the system, which remember what was done, in order, beside the growth of the database's log: so that it can
 * be said what would be on the disk if the power had failed at any point.
 */
export class RecordedDisk implements FileOperations {
  readonly #root: string;
  readonly #log: string | undefined;
  readonly #initial: () => DirectoryModel;
  readonly #moments: Moment[];
  /** What is open: the number of a file, or the path of a directory. */
  readonly #open = new Map<number, number | string>();
  /** The number of a file by its path. */
  readonly #numbers = new Map<string, number>();
  #lastNumber = 0;
  #safeLogLength = 0;
  #killAfter = Infinity;

  /**
   * All that is in `root` at this moment is on the disk. `log` is the database's write-ahead log, which is of no length yet. The
   * database's own files are left out: SQLite writes them.
   */
  constructor(root: string, log?: string) {
    this.#root = root;
    this.#log = log;
    const names = new Map([...snapshot(root)].filter(([name]) => !name.startsWith('lighterage.sqlite')));
    this.#initial = () => restore(names);
    this.#moments = [{ change: () => undefined, logLength: 0, safeLogLength: 0 }];
  }

  /** How many moments there have been: the number of the one that comes next. */
  get length(): number {
    return this.#moments.length;
  }

  /** Marks a moment in which nothing changes, and returns its number. */
  mark(): number {
    this.#record(() => undefined);
    return this.length - 1;
  }

  /** All that is in the database's log is on the disk. */
  logSynced(): void {
    this.#safeLogLength = this.#logLength;
    this.#record(() => undefined);
  }

  /** Kills the process after so many more moments. */
  killAfter(moments: number): void {
    this.#killAfter = this.length + moments;
  }

  /** Another process goes on with the disk. */
  revive(): void {
    this.#killAfter = Infinity;
    this.#open.clear();
  }

  /** Each moment: its number, the disk as it was then, and the range of the log's length. The model is the same object each time. */
  *moments(): Generator<{ number: number; root: DirectoryModel; logLength: number; safeLogLength: number }> {
    const disk: Disk = { root: this.#initial(), files: new Map() };
    for (const [number, { change, logLength, safeLogLength }] of this.#moments.entries()) {
      change(disk);
      yield { number, root: disk.root, logLength, safeLogLength };
    }
  }

  open(file: string, flags: string | number, mode?: number): number {
    this.#live();
    const opened = systemFiles.open(file, flags, mode);
    this.#open.set(opened, fs.fstatSync(opened).isDirectory() ? file : this.#numberOf(file, flags));
    return opened;
  }

  close(file: number): void {
    this.#open.delete(file);
    systemFiles.close(file);
  }

  write(file: number, bytes: Buffer, offset: number, length: number, position: number): number {
    this.#live();
    const count = systemFiles.write(file, bytes, offset, length, position);
    const written = Buffer.from(bytes.subarray(offset, offset + count));
    const number = this.#opened(file);
    this.#record((disk) => fileOf(disk, number).write({ position, bytes: written }));
    return count;
  }

  truncate(file: number, length: number): void {
    this.#live();
    systemFiles.truncate(file, length);
    const number = this.#opened(file);
    this.#record((disk) => fileOf(disk, number).cut(length));
  }

  read(file: number, buffer: Buffer, position: number): number {
    return systemFiles.read(file, buffer, position);
  }

  async fdatasync(file: number): Promise<void> {
    this.#live();
    const number = this.#opened(file);
    const counts = new WeakMap<Disk, number>();
    this.#record((disk) => counts.set(disk, fileOf(disk, number).writeCount));
    await systemFiles.fdatasync(file);
    this.#record((disk) => fileOf(disk, number).sync(counts.get(disk) ?? 0));
  }

  async fsync(directory: number): Promise<void> {
    this.#live();
    const name = this.#open.get(directory);
    if (typeof name !== 'string') throw new Error('What is synced as a directory is none.');
    await systemFiles.fsync(directory);
    this.#record(({ root }) => this.#directory(root, name).sync());
  }

  mkdir(directory: string): void {
    this.#live();
    systemFiles.mkdir(directory);
    this.#record(({ root }) => this.#parent(root, directory).set(path.basename(directory), new DirectoryModel()));
  }

  rename(from: string, to: string): void {
    this.#live();
    systemFiles.rename(from, to);
    this.#numbers.delete(from);
    this.#record(({ root }) => {
      this.#parent(root, to).set(path.basename(to), this.#node(root, from));
      this.#parent(root, from).delete(path.basename(from));
    });
  }

  async empty(file: string): Promise<void> {
    this.#live();
    await systemFiles.empty(file);
    this.#record(({ root }) => this.#file(root, file).cut(0));
  }

  async unlink(file: string): Promise<void> {
    this.#live();
    await systemFiles.unlink(file);
    this.#numbers.delete(file);
    this.#record(({ root }) => this.#parent(root, file).delete(path.basename(file)));
  }

  /* Claims, which count for nothing after a start. */
  unlinkSync(file: string): void {
    this.#live();
    systemFiles.unlinkSync(file);
  }

  symlink(target: string, file: string): void {
    this.#live();
    systemFiles.symlink(target, file);
  }

  readlink(file: string): string {
    return systemFiles.readlink(file);
  }

  size(file: string): Promise<number> {
    return systemFiles.size(file);
  }

  names(directory: string): string[] {
    return systemFiles.names(directory);
  }

  entries(directory: string): Promise<AsyncIterable<fs.Dirent>> {
    return systemFiles.entries(directory);
  }

  #live(): void {
    if (this.length >= this.#killAfter) throw new Killed();
  }

  #record(change: Change): void {
    this.#seal();
    this.#moments.push({ change, logLength: this.#logLength, safeLogLength: this.#safeLogLength });
  }

  /** What the database wrote since the last change belongs to the moment after that. */
  #seal(): void {
    const last = this.#moments.at(-1);
    if (last) last.logLength = this.#logLength;
  }

  get #logLength(): number {
    return this.#log === undefined ? 0 : fs.statSync(this.#log).size;
  }

  #numberOf(file: string, flags: string | number): number {
    const known = this.#numbers.get(file);
    if (known !== undefined) return known;
    const number = ++this.#lastNumber;
    this.#numbers.set(file, number);
    const isNew = typeof flags === 'string' && flags.startsWith('wx');
    this.#record((disk) => {
      if (isNew) this.#parent(disk.root, file).set(path.basename(file), new FileModel());
      disk.files.set(number, this.#file(disk.root, file));
    });
    return number;
  }

  #opened(file: number): number {
    const number = this.#open.get(file);
    if (typeof number !== 'number') throw new Error('A file was used that is not open.');
    return number;
  }

  #parent(root: DirectoryModel, file: string): DirectoryModel {
    return this.#directory(root, path.dirname(file));
  }

  #directory(root: DirectoryModel, directory: string): DirectoryModel {
    const node = this.#node(root, directory);
    if (node instanceof DirectoryModel) return node;
    throw new Error(`${directory} is no directory.`);
  }

  #file(root: DirectoryModel, file: string): FileModel {
    const node = this.#node(root, file);
    if (node instanceof FileModel) return node;
    throw new Error(`${file} is no file.`);
  }

  #node(root: DirectoryModel, file: string): NodeModel {
    const names = path.relative(this.#root, file).split(path.sep);
    return names.reduce<NodeModel>((node, name) => {
      const next = name === '' ? node : node instanceof DirectoryModel ? node.get(name) : undefined;
      if (!next) throw new Error(`There is no ${file}.`);
      return next;
    }, root);
  }
}

function fileOf({ files }: Disk, number: number): FileModel {
  const file = files.get(number);
  if (file) return file;
  throw new Error('A file was used that was not opened.');
}

/** What is in a directory: bytes of a file, or names. */
type Tree = Buffer | ReadonlyMap<string, Tree>;

function snapshot(directory: string): ReadonlyMap<string, Tree> {
  return new Map(
    fs.readdirSync(directory, { withFileTypes: true }).map((entry): [string, Tree] => {
      const file = path.join(directory, entry.name);
      return [entry.name, entry.isDirectory() ? snapshot(file) : fs.readFileSync(file)];
    }),
  );
}

function restore(tree: ReadonlyMap<string, Tree>): DirectoryModel {
  return new DirectoryModel(
    [...tree].map(([name, below]) => [name, Buffer.isBuffer(below) ? new FileModel(below) : restore(below)] as const),
  );
}
