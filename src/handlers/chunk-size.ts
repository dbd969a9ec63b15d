/** The smallest chunk size that is negotiated, bytes (seed CreateUploadHandler: 256 KB). */
export const MIN_CHUNK_SIZE = 262_144;

/** The largest chunk size that is negotiated, and the largest chunk that is taken, bytes (seed CreateUploadHandler: 32 MB). */
export const MAX_CHUNK_SIZE = 33_554_432;

/** The chunk size a caller gets who would like `preferred` bytes: 0 is the default, all else is clamped. */
export function negotiateChunkSize(preferred: number, defaultSize: number): number {
  if (preferred === 0) return defaultSize;
  return Math.min(Math.max(preferred, MIN_CHUNK_SIZE), MAX_CHUNK_SIZE);
}
