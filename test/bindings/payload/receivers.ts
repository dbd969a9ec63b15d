import { setImmediate } from 'node:timers/promises';
import fc from 'fast-check';
import type {
  ArgumentReceiver,
  ContentReceiver,
  MessageReader,
} from '../../../src/bindings/payload/argument-receiver.js';

/** How a receiver answers: at once, with promises, or now this way and now that. */
export type Manner = 'at once' | 'with promises' | 'by turns';

export const manners: readonly Manner[] = ['at once', 'with promises', 'by turns'];

export const anyManner = fc.constantFrom(...manners);

/**
 * Gathers content. When it answers with a promise it copies the bytes only after others had their turn, so a reader
 * that uses its buffer too early is found out.
 */
export class Gathered implements ContentReceiver {
  readonly #manner: Manner;
  readonly #pieces: Buffer[] = [];
  #turn = 0;
  ended = false;

  constructor(manner: Manner = 'at once') {
    this.#manner = manner;
  }

  get bytes(): Buffer {
    return Buffer.concat(this.#pieces);
  }

  get longest(): number {
    return Math.max(0, ...this.#pieces.map((piece) => piece.length));
  }

  write(bytes: Buffer): void | Promise<void> {
    if (this.ended) throw new Error('written to after its end');
    if (!this.#waits()) {
      this.#pieces.push(Buffer.from(bytes));
      return;
    }
    return this.#writeLater(bytes);
  }

  end(): void | Promise<void> {
    if (this.ended) throw new Error('ended twice');
    this.ended = true;
    if (this.#waits()) return setImmediate();
  }

  async #writeLater(bytes: Buffer): Promise<void> {
    await setImmediate();
    this.#pieces.push(Buffer.from(bytes));
  }

  #waits(): boolean {
    this.#turn++;
    return this.#manner === 'with promises' || (this.#manner === 'by turns' && this.#turn % 2 === 0);
  }
}

/** What a message said, in the order it said it. Content is shown as hexadecimal, and only when it ended. */
export class Heard implements ArgumentReceiver {
  readonly #contents: ReadonlySet<string>;
  readonly #manner: Manner;
  readonly #said: { name: string; value: string | Gathered }[] = [];

  constructor(contents: readonly string[], manner: Manner = 'at once') {
    this.#contents = new Set(contents);
    this.#manner = manner;
  }

  get said(): string[] {
    return this.#said.map(({ name, value }) => {
      if (typeof value === 'string') return `${name}=${value}`;
      return `${name}: ${value.bytes.toString('hex')}${value.ended ? '' : ' …'}`;
    });
  }

  isContent(name: string): boolean {
    return this.#contents.has(name);
  }

  text(name: string, value: string): void {
    this.#said.push({ name, value });
  }

  async content(name: string): Promise<ContentReceiver> {
    if (this.#manner !== 'at once') await setImmediate();
    const value = new Gathered(this.#manner);
    this.#said.push({ name, value });
    return value;
  }
}

/** Cuts a message at the given places (fractions 0 … 1 of its length), in any order. */
export function cutAt(message: Buffer, places: readonly number[]): Buffer[] {
  const cuts = places.map((place) => Math.floor(place * message.length)).sort((a, b) => a - b);
  return [...cuts, message.length].map((cut, n) => message.subarray(cuts[n - 1] ?? 0, cut));
}

/** Where a message is cut: nowhere, or at up to 8 places. */
export const anyCuts = fc.array(fc.double({ min: 0, max: 1, noNaN: true }), { maxLength: 8 });

/** Feeds a reader with pieces. Each piece is overwritten when the reader has done with it, as a socket's buffer is. */
export async function feed(reader: MessageReader, pieces: readonly Buffer[]): Promise<void> {
  for (const piece of pieces) {
    const own = Buffer.from(piece);
    await reader.write(own);
    own.fill('!');
  }
  await reader.end();
}

/** Compares contents of any length: of two that differ a test runner would print every byte. */
export function expectSame(actual: Buffer, expected: Buffer): void {
  expect({ length: actual.length, same: actual.equals(expected) }).toEqual({ length: expected.length, same: true });
}
