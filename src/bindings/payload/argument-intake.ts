import type { OperationContract, Parameter } from '../../contract/contract.js';
import type { Payload, PayloadSink, Placement } from '../../contract/payload.js';
import type { Call } from '../../operations/operation.js';
import type { OperationRunner } from '../../operations/operation-runner.js';
import type { Spool, SpooledContent } from '../../storage/spool.js';
import { type Crc32, crc32, EMPTY_CRC32 } from '../../values/crc32.js';
import { Failure } from '../../values/failure.js';
import {
  type ArgumentReceiver,
  type ContentReceiver,
  MessageTooLarge,
  UnreadableMessage,
} from './argument-receiver.js';
import { isPending } from './back-pressure.js';
import type { BufferPool, PooledBuffer } from './buffer-pool.js';
import { ByteNumbers } from './byte-numbers.js';
import { memoryPayload } from './memory-payload.js';
import { UnwantedBytes } from './unwanted-bytes.js';

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

/** The texts of a call that have come, by the contract's names. */
export interface ArrivedTexts {
  readonly contract: OperationContract;
  readonly texts: Map<string, string>;
}

/** What a binding does with a parameter that comes twice: SOAP takes the first, GET and POST join them by a comma (WIRE.md). */
export type Duplicates = 'first' | 'join';

/**
 * Takes in the arguments of one call as its message arrives: gathers texts, and sends content where the operation wants it,
 * or puts it aside when that is not known yet.
 */
export class ArgumentIntake implements ArgumentReceiver, ArrivedTexts {
  readonly contract: OperationContract;
  readonly call: Call;
  /** Texts by the contract's names. */
  readonly texts = new Map<string, string>();
  readonly #runner: OperationRunner;
  readonly #spool: Spool;
  readonly #buffers: BufferPool;
  readonly #duplicates: Duplicates;
  readonly #fillTicket: ((arrived: ArrivedTexts) => boolean) | undefined;
  readonly #payloads = new Map<string, Payload>();
  /** Values of content parameters that are short enough to be numbers: see {@link text}. */
  readonly #numbers = new Map<string, ByteNumbers>();
  readonly #releases: (() => void | Promise<void>)[] = [];
  readonly #unwanted = new UnwantedBytes();
  #isReleased = false;
  #failure: Failure | undefined;
  #bytesReceived = 0;

  constructor(
    contract: OperationContract,
    runner: OperationRunner,
    options: {
      call: Call;
      spool: Spool;
      buffers: BufferPool;
      duplicates: Duplicates;
      /** Adds the ticket that came beside the message, if there is one and none has come in it; says whether it did. */
      fillTicket?: (arrived: ArrivedTexts) => boolean;
    },
  ) {
    this.contract = contract;
    this.#runner = runner;
    this.call = options.call;
    this.#spool = options.spool;
    this.#buffers = options.buffers;
    this.#duplicates = options.duplicates;
    this.#fillTicket = options.fillTicket;
  }

  /**
   * The failure by which the operation refused the content, or the storage did not take it; it is the answer to the call. It was thrown to
   * the reader as well: nothing that is still to come of the message can change the answer.
   */
  get failure(): Failure | undefined {
    return this.#failure;
  }

  /** Adds the ticket that came beside the message. To be called when all of the message has come, and there is none in it. */
  fillTicket(): void {
    this.#fillTicket?.(this);
  }

  /**
   * Contents by the contract's names. @throws UnreadableMessage for a list of numbers that are no bytes.
   */
  contents(): ReadonlyMap<string, Payload> {
    for (const [name, numbers] of this.#numbers) this.#payloads.set(name, memoryPayload(numbers.content(name)));
    return this.#payloads;
  }

  /** Decoded bytes of content taken in. */
  get bytesReceived(): number {
    return this.#bytesReceived;
  }

  /** The most bytes of content that are taken in. */
  get contentLimit(): number {
    return this.#runner.contentLimit(this.contract);
  }

  isContent(name: string): boolean {
    return this.contract.findParameter(name)?.type === 'base64Binary';
  }

  text(name: string, value: string): void {
    const parameter = this.contract.findParameter(name);
    if (!parameter) return;
    if (parameter.type === 'base64Binary') {
      this.#number(parameter, value);
      return;
    }
    const before = this.texts.get(parameter.name);
    if (before === undefined) this.texts.set(parameter.name, value);
    else if (this.#duplicates === 'join') this.texts.set(parameter.name, `${before},${value}`);
  }

  #number(parameter: Parameter, value: string): void {
    if (this.#payloads.has(parameter.name)) return void this.#second(parameter);
    const numbers = this.#numbers.get(parameter.name) ?? new ByteNumbers();
    this.#numbers.set(parameter.name, numbers);
    numbers.add(value);
  }

  /** @throws Failure, {@link failure}, when the operation refuses the content; ArgumentError when an argument before it cannot be read. */
  async content(name: string): Promise<ContentReceiver> {
    const parameter = this.contract.findParameter(name);
    if (!parameter) throw new UnreadableMessage(`The operation has no parameter ${name}.`);
    if (this.#payloads.has(parameter.name) || this.#numbers.has(parameter.name)) return this.#second(parameter);
    const payload = new ArrivingPayload(this.contentLimit, {
      requireCall: () => this.#requireCall(),
      count: (length) => this.#count(length),
      fail: (error) => this.#failToStore(error),
    });
    this.#payloads.set(parameter.name, payload);
    const placement = await this.#place();
    if (placement) {
      await this.#hold(() => placement.release());
      payload.goTo(placement);
    } else {
      const spooled = await this.#openSpool();
      await this.#hold(() => spooled.close());
      payload.waitIn(spooled);
    }
    const buffer = await this.#buffers.acquire();
    payload.gatherIn(buffer);
    await this.#hold(() => payload.stopGathering());
    return payload;
  }

  /**
   * Gives up every place that was taken. To be called when the call has been carried out, before its answer is sent: a caller that has
   * the answer finds the place free. Again does nothing. Never rejects: by now the answer stands, and what could not be given
   * up is the server's trouble alone.
   */
  async release(): Promise<void> {
    this.#isReleased = true;
    for (const release of this.#releases.splice(0)) {
      try {
        await release();
      } catch (error) {
        this.#runner.report(error, this.contract);
      }
    }
  }

  /** Remembers what is to be given up. A call may have ended while it waited for a place; then the place is given up at once. */
  async #hold(release: () => void | Promise<void>): Promise<void> {
    if (!this.#isReleased) {
      this.#releases.push(release);
      return;
    }
    await release();
    throw new UnreadableMessage('The call ended before its content could be placed.');
  }

  /** A reader may have waited for the disk when its call ended. @throws UnreadableMessage then */
  #requireCall(): void {
    if (this.#isReleased) throw new UnreadableMessage('The call ended before its content had come.');
  }

  #count(length: number): void {
    this.#bytesReceived += length;
  }

  async #place(): Promise<Placement | undefined> {
    const texts = new Map(this.texts);
    const isFilled = this.#fillTicket?.({ contract: this.contract, texts }) ?? false;
    try {
      return await this.#runner.place(this.contract, texts, this.call);
    } catch (error) {
      /* The message may still bring a ticket of its own, which counts before the other. */
      if (error instanceof Failure && isFilled) return undefined;
      if (error instanceof Failure) this.#failure = error;
      throw error;
    }
  }

  async #openSpool(): Promise<SpooledContent> {
    try {
      return await this.#spool.open();
    } catch (error) {
      return this.#failToStore(error);
    }
  }

  /** A failure of the storage is the answer to the call. @throws always */
  #failToStore(error: unknown): never {
    if (error instanceof Failure) {
      this.#failure ??= error;
      if (error.cause !== undefined) this.#runner.report(error.cause, this.contract);
    }
    throw error;
  }

  /** All numbers of a parameter are one content; with base64 beside them there are two. */
  #second(parameter: Parameter): ContentReceiver {
    if (this.#duplicates === 'join') throw new UnreadableMessage(`The parameter ${parameter.name} comes twice.`);
    return this.#unwanted;
  }
}

/** Whether bytes are those that lie in a buffer from a place on: they were made there. */
function isAt(buffer: Buffer, place: number, bytes: Buffer): boolean {
  return bytes.buffer === buffer.buffer && bytes.byteOffset === buffer.byteOffset + place;
}

/** Told of what becomes of a payload. */
interface PayloadListener {
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
class ArrivingPayload implements Payload, ContentReceiver {
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
