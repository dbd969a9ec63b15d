import type { OperationContract, Parameter } from '../../contract/contract.js';
import type { Payload, Placement } from '../../contract/payload.js';
import type { Call } from '../../operations/operation.js';
import type { OperationRunner } from '../../operations/operation-runner.js';
import type { Spool, SpooledContent } from '../../storage/spool.js';
import { Failure } from '../../values/failure.js';
import { type ArgumentReceiver, type ContentReceiver, UnreadableMessage } from './argument-receiver.js';
import { ArrivingPayload } from './arriving-payload.js';
import type { BufferPool } from './buffer-pool.js';
import { ByteNumbers } from './byte-numbers.js';
import { memoryPayload } from './memory-payload.js';
import { UnwantedBytes } from './unwanted-bytes.js';

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
    const buffer = await this.#buffers.acquire(this.call.address);
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
