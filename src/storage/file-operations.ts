import fs from 'node:fs';
import { promisify } from 'node:util';

/**
 * What the storage asks of the operating system, in the words of node:fs. It is an interface so that the promises of the storage
 * can be tried against a disk that is full, that fails, or that forgets what was not synced.
 *
 * What a loss of power leaves, by POSIX: the bytes of a file as they were when {@link fdatasync} last ended on it, and the names
 * in a directory as they were when {@link fsync} last ended on that. More may be left, in any order; nothing less.
 */
export interface FileOperations {
  open(path: string, flags: string | number, mode?: number): number;
  close(file: number): void;
  /** Returns how many bytes were written: fewer than asked is no error. */
  write(file: number, bytes: Buffer, offset: number, length: number, position: number): number;
  /** Cuts a file off at a length, bytes. */
  truncate(file: number, length: number): void;
  /** Returns how many bytes were read: fewer than asked only at the end of the file. */
  read(file: number, buffer: Buffer, position: number): number;
  /** Brings the bytes of a file to the disk. */
  fdatasync(file: number): Promise<void>;
  /** Brings the names in a directory, opened as a file, to the disk. */
  fsync(directory: number): Promise<void>;
  mkdir(path: string): void;
  rename(from: string, to: string): void;
  /** Takes all bytes of a file away that has no other name: with another, it is somebody's backup as well. Its name stays. */
  empty(path: string): Promise<void>;
  unlink(path: string): Promise<void>;
  /** As {@link unlink}, of what takes no time to go: a symbolic link. */
  unlinkSync(path: string): void;
  symlink(target: string, path: string): void;
  /** The target of a symbolic link. */
  readlink(path: string): string;
  /** Length in bytes. */
  size(path: string): Promise<number>;
  /** The names in a directory. */
  names(path: string): string[];
  entries(path: string): Promise<AsyncIterable<fs.Dirent>>;
}

/** The owner alone may read what is stored. */
const DIRECTORY_MODE = 0o700;

/** The file operations of the system. */
export const systemFiles: FileOperations = {
  open: (path, flags, mode) => fs.openSync(path, flags, mode),
  close: (file) => fs.closeSync(file),
  write: (file, bytes, offset, length, position) => fs.writeSync(file, bytes, offset, length, position),
  truncate: (file, length) => fs.ftruncateSync(file, length),
  read: (file, buffer, position) => fs.readSync(file, buffer, 0, buffer.length, position),
  fdatasync: promisify(fs.fdatasync),
  fsync: promisify(fs.fsync),
  mkdir: (path) => fs.mkdirSync(path, { mode: DIRECTORY_MODE }),
  rename: (from, to) => fs.renameSync(from, to),
  empty,
  unlink: (path) => fs.promises.unlink(path),
  unlinkSync: (path) => fs.unlinkSync(path),
  symlink: (target, path) => fs.symlinkSync(target, path),
  readlink: (path) => fs.readlinkSync(path),
  size: async (path) => (await fs.promises.stat(path)).size,
  names: (path) => fs.readdirSync(path),
  entries: (path) => fs.promises.opendir(path),
};

async function empty(path: string): Promise<void> {
  const file = await fs.promises.open(path, 'r+');
  try {
    const { nlink } = await file.stat();
    if (nlink === 1) await file.truncate();
  } finally {
    await file.close();
  }
}
