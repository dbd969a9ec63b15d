/* SQLite's write-ahead log: a header, then frames, each of a header and a page (https://sqlite.org/fileformat2.html#walformat). */
const HEADER = 32;
const FRAME_HEADER = 24;
const PAGE_SIZE_AT = 8;
const SIZE_AFTER_COMMIT_AT = 4;

/** The lengths a log has had when a transaction was just over, from none at all on. Cut there, it holds the transactions before. */
export function transactionEnds(log: Buffer): number[] {
  const ends = [0];
  if (log.length < HEADER) return ends;
  const frame = FRAME_HEADER + log.readUInt32BE(PAGE_SIZE_AT);
  for (let start = HEADER; start + frame <= log.length; start += frame) {
    if (log.readUInt32BE(start + SIZE_AFTER_COMMIT_AT) > 0) ends.push(start + frame);
  }
  return ends;
}
