import type { FileOperations } from './file-operations.js';

/** Makes the names in a directory survive a loss of power. */
export async function syncDirectory(files: FileOperations, directory: string): Promise<void> {
  const file = files.open(directory, 'r');
  try {
    await new Promise<void>((resolve, reject) => {
      files.fsync(file, (error) => {
        if (error) reject(error);
        else resolve();
      });
    });
  } finally {
    files.close(file);
  }
}
