import type { MessageReader } from './argument-receiver.js';
import { isPending } from './back-pressure.js';
import { Transcoder } from './transcoder.js';

/** Turns a message's bytes into UTF-8, whatever encoding it came in, for a reader that knows no other. */
export class TranscodingReader implements MessageReader {
  readonly #transcoder: Transcoder;
  readonly #reader: MessageReader;

  /** @param charset - The parameter of the Content-Type, if there was one. */
  constructor(charset: string | undefined, reader: MessageReader) {
    this.#transcoder = new Transcoder(charset);
    this.#reader = reader;
  }

  write(bytes: Buffer): void | Promise<void> {
    const text = this.#transcoder.write(bytes);
    if (text.length > 0) return this.#reader.write(text);
  }

  end(): void | Promise<void> {
    const rest = this.#transcoder.end();
    const written = rest.length > 0 ? this.#reader.write(rest) : undefined;
    if (isPending(written)) return written.then(() => this.#reader.end());
    return this.#reader.end();
  }
}
