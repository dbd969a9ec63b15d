import fs from 'node:fs/promises';
import { ArgumentIntake } from '../../../src/bindings/payload/argument-intake.js';
import { BufferPool, type PooledBuffer } from '../../../src/bindings/payload/buffer-pool.js';
import { MemoryBudget } from '../../../src/bindings/payload/memory-budget.js';
import { loadContract } from '../../../src/contract/wsdl-reader.js';
import { elementResult } from '../../../src/contract/result.js';
import { OperationRunner } from '../../../src/operations/operation-runner.js';
import type { Operations } from '../../../src/operations/operation.js';
import { FreeSpace } from '../../../src/storage/free-space.js';
import { Spool } from '../../../src/storage/spool.js';
import { scratchDirectory } from '../../support/scratch-directory.js';

const SIZE = 256 * 1024;

let directory: string;

beforeEach(() => {
  directory = scratchDirectory();
});

afterEach(() => fs.rm(directory, { recursive: true }));

test('Who has filled a buffer while others wait gives it back, and goes on without', async () => {
  const buffers = new BufferPool(new MemoryBudget(SIZE), SIZE);
  const intake = intakeWith(buffers);
  const content = await intake.content('fileContent');
  let served: PooledBuffer | undefined;
  void Promise.resolve(buffers.acquire('192.0.2.1')).then((buffer) => (served = buffer));
  const bytes = Buffer.from(Array.from({ length: SIZE + 1000 }, (_, n) => n % 251));
  await content.write(bytes.subarray(0, SIZE + 500));
  await Promise.resolve();
  expect(served).toBeDefined();
  served?.release();
  await content.write(bytes.subarray(SIZE + 500));
  await content.end();
  const written: Buffer[] = [];
  await intake
    .contents()
    .get('fileContent')
    ?.copyTo({ write: (piece) => void written.push(Buffer.from(piece)) });
  expect(Buffer.concat(written).equals(bytes)).toBe(true);
  await intake.release();
});

test('Content whose call ends while it is written does not go on, and takes no room from others', async () => {
  const length = 40 * SIZE;
  let free = Promise.resolve(2000);
  const space = new FreeSpace({ least: 1000, look: () => free, now: () => 0 });
  const spool = new Spool(directory, { space, most: length });
  const intake = intakeWith(new BufferPool(new MemoryBudget(SIZE), SIZE), spool);
  const content = await intake.content('fileContent');
  let look: (free: number) => void = () => undefined;
  free = new Promise((resolve) => (look = resolve));
  const writing = content.write(Buffer.alloc(length));
  await intake.release();
  look(2000);
  await expect(writing).rejects.toThrow('The call ended before its content had come.');
  const other = await spool.open();
  await other.write(Buffer.alloc(length));
  other.close();
});

/** Takes in what UploadDocument is called with; its content waits in the spool. */
function intakeWith(buffers: BufferPool, spool = new Spool(directory)): ArgumentIntake {
  const contract = loadContract().operations.get('UploadDocument');
  if (!contract) throw new Error('The contract has no UploadDocument.');
  const operation = {
    root: 'root',
    content: { limit: 100 * SIZE, place: () => Promise.resolve(undefined) },
    run: () => Promise.resolve(elementResult('root', {})),
  };
  const runner = new OperationRunner({ UploadDocument: operation } as unknown as Operations, (error) => {
    throw error;
  });
  return new ArgumentIntake(contract, runner, { call: { address: '' }, spool, buffers, duplicates: 'first' });
}
