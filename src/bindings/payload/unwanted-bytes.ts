import { type ContentReceiver, MessageTooLarge } from './argument-receiver.js';

/** How much of a message may be what nobody wants, bytes. */
const MOST_UNWANTED = 16 * 1024 * 1024;

/**
 * Takes the bytes of a message that mean nothing: they are counted, and thrown away. There may be some, but a few compressed bytes hold any
 * amount of them.
 */
export class UnwantedBytes implements ContentReceiver {
  #length = 0;

  /** @throws MessageTooLarge */
  write(bytes: Buffer): void {
    this.#length += bytes.length;
    if (this.#length > MOST_UNWANTED) {
      throw new MessageTooLarge(`The message has more than ${MOST_UNWANTED} bytes that belong to nothing.`);
    }
  }

  end(): void {
    /* Nothing was kept. */
  }
}
