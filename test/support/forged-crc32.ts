/** The polynomial of CRC-32, bits reversed. */
const POLYNOMIAL = 0xedb88320;

const TABLE = Uint32Array.from({ length: 256 }, (_, n) => {
  let entry = n;
  for (let bit = 0; bit < 8; bit++) entry = entry & 1 ? (entry >>> 1) ^ POLYNOMIAL : entry >>> 1;
  return entry;
});

/** The bytes with four more behind them, such that all together have the CRC-32 that is wanted. */
export function forgeCrc32(bytes: Buffer, wanted: number): Buffer {
  let register = 0xffff_ffff;
  for (const byte of bytes) register = (register >>> 8) ^ (TABLE[(register ^ byte) & 0xff] ?? 0);
  const end = Buffer.alloc(4);
  for (const [n, index] of lastIndices(wanted).entries()) {
    end[n] = (register ^ index) & 0xff;
    register = (register >>> 8) ^ (TABLE[index] ?? 0);
  }
  return Buffer.concat([bytes, end]);
}

/** The entries of the table that the last four steps must take: each is known by its highest byte. */
function lastIndices(wanted: number): number[] {
  const indices: number[] = [];
  for (let step = 0, register = ~wanted >>> 0; step < 4; step++) {
    const top = register >>> 24;
    const index = TABLE.findIndex((entry) => entry >>> 24 === top);
    indices.unshift(index);
    register = ((register ^ (TABLE[index] ?? 0)) << 8) >>> 0;
  }
  return indices;
}
