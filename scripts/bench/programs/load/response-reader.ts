/** An answer: the content itself is counted and thrown away. */
export interface Response {
  readonly status: number;
  /** The first bytes of the body, as Latin-1. */
  readonly opening: string;
  /** Bytes of the body. */
  readonly length: number;
}

/** How much of a body is kept to be looked at, bytes. */
const OPENING = 2048;

/**
 * Reads the answers on one connection (RFC 9112: a length, or chunks). It counts what it reads instead of holding it: what reads the
 * answers must cost little beside what makes them.
 */
export class ResponseReader {
  #state: 'head' | 'body' | 'chunkSize' | 'chunk' | 'chunkEnd' = 'head';
  #text = '';
  #status = 0;
  #opening = '';
  #length = 0;
  /** Bytes that are still to come: of the body, or of the chunk. */
  #left = 0;
  #isLastChunk = false;

  /** Takes the next bytes; returns the answer when it is complete. No second one may follow in the same bytes. */
  push(bytes: Buffer): Response | undefined {
    for (let at = 0; at < bytes.length;) {
      at = this.#state === 'body' || this.#state === 'chunk' ? this.#count(bytes, at) : this.#readLines(bytes, at);
      if (this.#isComplete) return this.#finish();
    }
    return undefined;
  }

  get #isComplete(): boolean {
    return this.#left === 0 && (this.#state === 'body' || (this.#state === 'chunkSize' && this.#isLastChunk));
  }

  #count(bytes: Buffer, at: number): number {
    const end = Math.min(bytes.length, at + this.#left);
    if (this.#opening.length < OPENING) this.#opening += bytes.toString('latin1', at, Math.min(end, at + OPENING));
    this.#length += end - at;
    this.#left -= end - at;
    if (this.#left === 0 && this.#state === 'chunk') this.#state = 'chunkEnd';
    return end;
  }

  /** Reads up to the end of the head, of a chunk's size, or of the line break behind a chunk. */
  #readLines(bytes: Buffer, at: number): number {
    const seen = this.#text.length;
    this.#text += bytes.toString('latin1', at, bytes.length);
    const mark = this.#state === 'head' ? '\r\n\r\n' : '\r\n';
    const found = this.#text.indexOf(mark);
    if (found === -1) return bytes.length;
    const end = at + found + mark.length - seen;
    const text = this.#text.slice(0, found);
    this.#text = '';
    if (this.#state === 'head') this.#readHead(text);
    else if (this.#state === 'chunkEnd') this.#state = 'chunkSize';
    else return this.#beginChunk(text, end);
    return end;
  }

  #readHead(head: string): void {
    this.#status = Number(head.slice(9, 12));
    if (/\r\ntransfer-encoding: *chunked/i.test(head)) {
      this.#state = 'chunkSize';
      return;
    }
    this.#state = 'body';
    this.#left = Number(/\r\ncontent-length: *(\d+)/i.exec(head)?.[1] ?? 0);
  }

  #beginChunk(size: string, end: number): number {
    this.#left = Number.parseInt(size, 16);
    if (this.#left > 0) {
      this.#state = 'chunk';
      return end;
    }
    /* The last chunk, without trailers: an empty line follows, which the servers send with it. */
    this.#isLastChunk = true;
    return end + 2;
  }

  #finish(): Response {
    const response = { status: this.#status, opening: this.#opening, length: this.#length };
    this.#state = 'head';
    this.#text = '';
    this.#opening = '';
    this.#length = 0;
    this.#isLastChunk = false;
    return response;
  }
}
