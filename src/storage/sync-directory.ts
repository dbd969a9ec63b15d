import type { FileOperations } from './file-operations.js';

/** Makes the names in a directory survive a loss of power. */
export async function syncDirectory(files: FileOperations, directory: string): Promise<void> {
  const file = files.open(directory, 'r');
  try {
    await files.fsync(file);
  } finally {
    files.close(file);
  }
}
