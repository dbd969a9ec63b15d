import { UnreadableMessage } from './argument-receiver.js';
import { GrowingBuffer } from './growing-buffer.js';

const byte = Buffer.alloc(1);

/**
 * Short values of one content. Several are bytes in decimal, as proxies made from ASMX's own WSDL send them; one is base64 (WIRE.md,
 * byte[]). There may be as many as a message has room for, so of each no more is kept than the byte.
 */
export class ByteNumbers {
  readonly #bytes = new GrowingBuffer();
  #first = '';
  /** The first that is no byte. */
  #wrong: number | undefined;

  /** @param text - One to three digits. */
  add(text: string): void {
    if (this.#bytes.length === 0) this.#first = text;
    const number = Number(text);
    if (number > 255) this.#wrong ??= number;
    byte[0] = number;
    this.#bytes.append(byte, 0, 1);
  }

  /** @throws UnreadableMessage, naming the parameter, for numbers that are no bytes. */
  content(parameter: string): Buffer {
    if (this.#bytes.length === 1) return Buffer.from(this.#first, 'base64');
    if (this.#wrong !== undefined) throw new UnreadableMessage(`${this.#wrong} in ${parameter} is not a byte.`);
    return this.#bytes.bytes;
  }
}
