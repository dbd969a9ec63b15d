import { ArgumentError } from '../../contract/arguments.js';
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

/**
 * How much content beyond an operation's limit is read, and thrown away, so that the caller gets an answer instead of a
 * broken connection. Past that the message is given up.
 */
const EXCESS_READ = 64 * 1024 * 1024;

/** What a binding does with a parameter that comes twice: SOAP takes the first, GET and POST join them by a comma (WIRE.md). */
export type Duplicates = 'first' | 'join';

/**
 * Takes in the arguments of one call as its message arrives: gathers texts, and sends content where the operation wants it,
 * or puts it aside when that is not known yet.
 */
export class ArgumentIntake implements ArgumentReceiver {
  readonly contract: OperationContract;
  readonly call: Call;
  /** Texts by the contract's names. */
  readonly texts = new Map<string, string>();
  /** Contents by the contract's names. */
  readonly payloads = new Map<string, Payload>();
  readonly #runner: OperationRunner;
  readonly #spool: Spool;
  readonly #duplicates: Duplicates;
  readonly #releases: (() => void | Promise<void>)[] = [];
  #failure: Failure | undefined;
  #bytesReceived = 0;

  constructor(
    contract: OperationContract,
    runner: OperationRunner,
    options: { call: Call; spool: Spool; duplicates: Duplicates },
  ) {
    this.contract = contract;
    this.#runner = runner;
    this.call = options.call;
    this.#spool = options.spool;
    this.#duplicates = options.duplicates;
  }

  /** The failure by which the operation refused the content; it is the answer to the call. */
  get failure(): Failure | undefined {
    return this.#failure;
  }

  /** Decoded bytes of content taken in. */
  get bytesReceived(): number {
    return this.#bytesReceived;
  }

  isContent(name: string): boolean {
    return this.contract.findParameter(name)?.type === 'base64Binary';
  }

  text(name: string, value: string): void {
    const parameter = this.contract.findParameter(name);
    if (!parameter) return;
    const before = this.texts.get(parameter.name);
    if (before === undefined) this.texts.set(parameter.name, value);
    else if (this.#duplicates === 'join') this.texts.set(parameter.name, `${before},${value}`);
  }

  async content(name: string): Promise<ContentReceiver> {
    const parameter = this.contract.findParameter(name);
    if (!parameter) throw new UnreadableMessage(`The operation has no parameter ${name}.`);
    if (this.payloads.has(parameter.name)) return this.#second(parameter);
    const payload = new ArrivingPayload(this.#limit, (length) => this.#count(length));
    this.payloads.set(parameter.name, payload);
    const placement = await this.#place();
    if (placement === 'nowhere') return payload;
    if (placement) {
      this.#releases.push(() => placement.release());
      payload.goTo(placement, placement);
    } else {
      const spooled = this.#spool.open();
      this.#releases.push(() => spooled.close());
      payload.goTo(spooled);
    }
    return payload;
  }

  /** Gives up every place that was taken. To be called once the call has been answered or has failed. */
  async release(): Promise<void> {
    for (const release of this.#releases.splice(0)) await release();
  }

  get #limit(): number {
    return this.#runner.contentLimit(this.contract);
  }

  #count(length: number): void {
    this.#bytesReceived += length;
  }

  async #place(): Promise<Placement | 'nowhere' | undefined> {
    try {
      return await this.#runner.place(this.contract, this.texts, this.call);
    } catch (error) {
      if (error instanceof Failure) this.#failure = error;
      else if (!(error instanceof ArgumentError)) throw error;
      /* An argument that cannot be read is reported when the message is complete, as for any other call. */
      return 'nowhere';
    }
  }

  #second(parameter: Parameter): ContentReceiver {
    if (this.#duplicates === 'join') throw new UnreadableMessage(`The parameter ${parameter.name} comes twice.`);
    return { write: () => undefined, end: () => undefined };
  }
}

/** A payload while it arrives: counted, its checksum taken, and sent on. */
class ArrivingPayload implements Payload, ContentReceiver {
  readonly #limit: number;
  readonly #count: (length: number) => void;
  #length = 0;
  #crc: Crc32 = EMPTY_CRC32;
  #sink: PayloadSink | undefined;
  #placement: Placement | undefined;
  #spooled: SpooledContent | undefined;

  constructor(limit: number, count: (length: number) => void) {
    this.#limit = limit;
    this.#count = count;
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

  goTo(sink: PayloadSink, placement?: Placement): void {
    this.#sink = sink;
    this.#placement = placement;
    if (!placement) this.#spooled = sink as SpooledContent;
  }

  write(bytes: Buffer): void | Promise<void> {
    const room = this.#limit - this.#length;
    this.#length += bytes.length;
    this.#count(bytes.length);
    if (this.#length > this.#limit + EXCESS_READ) {
      throw new MessageTooLarge(`The content is longer than ${this.#limit} bytes.`);
    }
    this.#crc = crc32(bytes, this.#crc);
    if (room <= 0) return;
    return this.#sink?.write(bytes.length > room ? bytes.subarray(0, room) : bytes);
  }

  end(): void {
    /* What is left to do is the operation's. */
  }

  async copyTo(sink: PayloadSink): Promise<void> {
    await this.#spooled?.copyTo(sink);
  }
}
