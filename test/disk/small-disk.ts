import { execFile } from 'node:child_process';
import fs from 'node:fs/promises';
import path from 'node:path';
import { promisify } from 'node:util';

const execute = promisify(execFile);

/** What a file system in memory gives away at a time, bytes. */
export const PAGE = 4096;

const PIECE = Buffer.alloc(64 * PAGE, 'ballast');

/** A disk of a few megabytes of its own, that can be filled up. */
export class SmallDisk {
  readonly directory: string;

  private constructor(directory: string) {
    this.directory = directory;
  }

  /** Mounts it on a directory. Undefined, with why, where that is not allowed. */
  static async mount(
    directory: string,
    mebibytes: number,
  ): Promise<{ disk: SmallDisk } | { disk?: never; why: string }> {
    try {
      await execute('mount', ['-t', 'tmpfs', '-o', `size=${mebibytes}m,mode=700`, 'tmpfs', directory]);
      return { disk: new SmallDisk(directory) };
    } catch (error) {
      const said = error instanceof Error && 'stderr' in error ? String(error.stderr) : String(error);
      return { why: said.trim() };
    }
  }

  /** Fills it up, but for so many pages. */
  async leave(pages: number): Promise<void> {
    await this.clear();
    const file = await fs.open(this.#ballast, 'w');
    try {
      let length = 0;
      try {
        for (;;) length += (await file.write(PIECE, 0, PIECE.length, length)).bytesWritten;
      } catch (error) {
        if (!(error instanceof Error && 'code' in error && error.code === 'ENOSPC')) throw error;
      }
      await file.truncate(Math.max(0, Math.ceil(length / PAGE) - pages) * PAGE);
    } finally {
      await file.close();
    }
  }

  /** Takes away what it was filled up with. */
  async clear(): Promise<void> {
    await fs.rm(this.#ballast, { force: true });
  }

  async unmount(): Promise<void> {
    await execute('umount', [this.directory]);
  }

  get #ballast(): string {
    return path.join(this.directory, 'ballast');
  }
}

/** Lets a process have so many files open, or its files be so long (bytes), from now on. @throws where it is not allowed. */
export async function limitProcess(
  pid: number,
  { fileSize, openFiles }: { fileSize?: number | 'unlimited'; openFiles?: number },
): Promise<void> {
  const limits = [
    ...(fileSize === undefined ? [] : [`--fsize=${fileSize}:`]),
    ...(openFiles === undefined ? [] : [`--nofile=${openFiles}:`]),
  ];
  await execute('prlimit', ['--pid', String(pid), ...limits]);
}
