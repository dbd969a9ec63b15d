import type { Payload, PayloadSink, Placement } from '../../contract/payload.js';
import type { SpooledContent } from '../../storage/spool.js';
import { type Crc32, crc32, EMPTY_CRC32 } from '../../values/crc32.js';
import { Failure } from '../../values/failure.js';
import { type ContentReceiver, MessageTooLarge } from './argument-receiver.js';
import { isPending } from './back-pressure.js';
import type { PooledBuffer } from './buffer-pool.js';

/**
 * How much content beyond an operation's limit is read, and thrown away, so that the caller gets an answer instead of a
 * broken connection. Past that the message is given up.
 */
const EXCESS_READ = 64 * 1024 * 1024;

/** How long a caller may take to fill a buffer, ms: it is of no use to one who is slower than a megabyte a second. */
const FILLING_LIMIT_MS = 250;

/**
 * How much content is taken whose place is not known yet, bytes: as much as a chunk may have. Anybody may send it, before there is a ticket
 * that says who.
 */
const MOST_WAITING = 32 * 1024 * 1024;

/** Told of what becomes of a payload. */
export interface PayloadListener {
  /** Bytes are about to be put where they belong. @throws when the call has ended: the place is given up */
  requireCall(): void;
  /** So many bytes arrived. */
  count(length: number): void;
  /** The bytes could not be put where they belong. @throws always, what ends the reading */
  fail(error: unknown): never;
}

/**
 * A payload while it arrives: counted, its checksum taken while the bytes are in the cache, and sent on in large pieces. The disk is
 * written to a quarter of a megabyte at a time, which costs half of what it costs to write what a socket delivers.
 */
export class ArrivingPayload implements Payload, ContentReceiver {
  #limit: number;
  readonly #listener: PayloadListener;
  #length = 0;
  #crc: Crc32 = EMPTY_CRC32;
  #sink: PayloadSink | undefined;
  #placement: Placement | undefined;
  #spooled: SpooledContent | undefined;
  /** Whether less is kept of it than the operation takes. */
  #isShortened = false;
  #buffer: PooledBuffer | undefined;
  #gathered = 0;
  #patience: NodeJS.Timeout | undefined;
  /** Whether the sink is busy with the buffer. */
  #isSending = false;
  /** What had been gathered when the buffer was given back, on its way. */
  #leftover: Promise<void> | undefined;

  constructor(limit: number, listener: PayloadListener) {
    this.#limit = limit;
    this.#listener = listener;
  }

  get length(): number {
    return this.#length;
  }

  get crc32(): Crc32 {
    return this.#crc;
  }

  get placement(): Placement | undefined {
    return this.#placement;
  }

  goTo(placement: Placement): void {
    this.#placement = placement;
    this.#sink = placement;
  }

  waitIn(spooled: SpooledContent): void {
    this.#spooled = spooled;
    this.#sink = spooled;
    this.#isShortened = this.#limit > MOST_WAITING;
    this.#limit = Math.min(this.#limit, MOST_WAITING);
  }

  /** Bytes are gathered here, as long as they come fast. */
  gatherIn(buffer: PooledBuffer): void {
    this.#buffer = buffer;
    this.#patience = setTimeout(() => this.#stopWaiting(), FILLING_LIMIT_MS);
  }

  /** Gives the buffer back, whatever is in it. */
  stopGathering(): void {
    clearTimeout(this.#patience);
    this.#buffer?.release();
    this.#buffer = undefined;
    this.#gathered = 0;
  }

  room(): Buffer | undefined {
    return this.#leftover ? undefined : this.#buffer?.bytes.subarray(this.#gathered);
  }

  write(bytes: Buffer): void | Promise<void> {
    const room = this.#limit - this.#length;
    this.#length += bytes.length;
    this.#listener.count(bytes.length);
    if (this.#length > this.#limit + EXCESS_READ) {
      throw new MessageTooLarge(`The content is longer than ${this.#limit} bytes.`);
    }
    this.#crc = crc32(bytes, this.#crc);
    if (room <= 0) return;
    const kept = bytes.length > room ? bytes.subarray(0, room) : bytes;
    return this.#leftover ? this.#leftover.then(() => this.#gather(kept)) : this.#gather(kept);
  }

  /* The call may have to wait for its turn now, and the buffer is for those who send. */
  end(): void | Promise<void> {
    clearTimeout(this.#patience);
    if (this.#leftover) return this.#leftover;
    const last = this.#takeGathered();
    const sent = last && this.#send(last);
    if (isPending(sent)) return sent.then(() => this.stopGathering());
    this.stopGathering();
  }

  async copyTo(sink: PayloadSink): Promise<void> {
    if (this.#isShortened && this.#length > this.#limit) {
      throw new Failure(
        `Content that comes before its ticket may have ${this.#limit} bytes. Send authenticationTicket before the content.`,
      );
    }
    await this.#spooled?.copyTo(sink);
  }

  #gather(bytes: Buffer): void | Promise<void> {
    const buffer = this.#buffer?.bytes;
    if (!buffer) return this.#send(bytes);
    const copied = isAt(buffer, this.#gathered, bytes) ? bytes.length : bytes.copy(buffer, this.#gathered);
    this.#gathered += copied;
    if (this.#gathered < buffer.length) return;
    this.#gathered = 0;
    this.#patience?.refresh();
    const written = this.#send(buffer);
    const rest = bytes.subarray(copied);
    if (!isPending(written)) return this.#gatherRest(rest);
    this.#isSending = true;
    return written.then(() => {
      this.#isSending = false;
      return this.#gatherRest(rest);
    });
  }

  /** Goes on behind a full buffer. When others wait for one it was the last: they too shall have one soon, however long this content is. */
  #gatherRest(bytes: Buffer): void | Promise<void> {
    if (this.#buffer?.isWanted()) this.stopGathering();
    if (bytes.length > 0) return this.#gather(bytes);
  }

  #takeGathered(): Buffer | undefined {
    const gathered = this.#buffer?.bytes.subarray(0, this.#gathered);
    this.#gathered = 0;
    return gathered && gathered.length > 0 ? gathered : undefined;
  }

  /**
   * The caller is too slow to fill a buffer. It gets no other: what it sends goes straight to its place, which is no more than the disk can do at
   * that pace, and however many slow callers there are, they keep no buffer from anybody else.
   */
  #stopWaiting(): void {
    if (this.#isSending) {
      this.#patience?.refresh();
      return;
    }
    const leftover = this.#sendLeftover();
    this.#leftover = leftover;
    /* What went wrong is told to the reader, when it writes next or ends. */
    leftover.then(
      () => (this.#leftover = undefined),
      () => undefined,
    );
  }

  async #sendLeftover(): Promise<void> {
    try {
      const last = this.#takeGathered();
      if (last) await this.#send(last);
    } finally {
      this.stopGathering();
    }
  }

  #send(bytes: Buffer): void | Promise<void> {
    this.#listener.requireCall();
    try {
      const sent = this.#sink?.write(bytes);
      if (isPending(sent)) return sent.catch((error: unknown) => this.#listener.fail(error));
    } catch (error) {
      this.#listener.fail(error);
    }
  }
}

/** Whether bytes are those that lie in a buffer from a place on: they were made there. */
function isAt(buffer: Buffer, place: number, bytes: Buffer): boolean {
  return bytes.buffer === buffer.buffer && bytes.byteOffset === buffer.byteOffset + place;
}
