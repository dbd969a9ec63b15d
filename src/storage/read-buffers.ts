/** Bytes of one buffer: enough that a read's fixed cost does not matter, little enough to stay in the cache. */
const SIZE = 512 * 1024;

/** More ranges read at once would only make each take longer. */
const COUNT = 4;

const idle: Buffer[] = [];
const waiting: ((buffer: Buffer) => void)[] = [];
let made = 0;

/** Runs `use` with a buffer of this process that is used again and again; waits for one when all are in use. */
export async function withReadBuffer<T>(use: (buffer: Buffer) => Promise<T>): Promise<T> {
  const buffer = await take();
  try {
    return await use(buffer);
  } finally {
    const next = waiting.shift();
    if (next) next(buffer);
    else idle.push(buffer);
  }
}

function take(): Buffer | Promise<Buffer> {
  const buffer = idle.pop();
  if (buffer) return buffer;
  if (made < COUNT) {
    made++;
    return Buffer.allocUnsafeSlow(SIZE);
  }
  return new Promise((resolve) => waiting.push(resolve));
}
