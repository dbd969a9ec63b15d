import { Readable } from 'node:stream';
import { setImmediate as nextTurn } from 'node:timers/promises';
import { pumpMessage } from '../../../src/bindings/payload/message-pump.js';

const IDLE_LIMIT_MS = 10_000;

/** Pumps pieces to a reader that takes a turn of the event loop over each; returns what it did, in order. */
async function pump(source: Readable): Promise<string[]> {
  const done: string[] = [];
  const reader = {
    write: async (bytes: Buffer) => {
      await nextTurn();
      done.push(bytes.toString());
    },
    end: () => void done.push('end'),
  };
  await pumpMessage(source, reader, IDLE_LIMIT_MS);
  return done;
}

test('The end of a message that came whole before it was read is told when the reader is done with the rest', async () => {
  const source = new Readable({ read: () => undefined });
  source.push('all of it');
  source.push(null);
  expect(await pump(source)).toEqual(['all of it', 'end']);
});

test('The end of a message that comes while it is read is told when the reader is done with the rest', async () => {
  const source = new Readable({ read: () => undefined });
  const pumped = pump(source);
  source.push('all of it');
  source.push(null);
  expect(await pumped).toEqual(['all of it', 'end']);
});
