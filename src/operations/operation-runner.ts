import { bindArguments, bindArrived, type NamedArguments } from '../contract/arguments.js';
import type { OperationContract } from '../contract/contract.js';
import type { Payload, Placement } from '../contract/payload.js';
import type { Result } from '../contract/result.js';
import { Failure } from '../values/failure.js';
import { type Call, type ErasedOperation, type Operations, refusal } from './operation.js';

/** What became of a call, for the log. */
export interface Outcome {
  readonly result: Result;
  /** Why the operation was not carried out. */
  readonly failure: Failure | undefined;
}

/** Where what nobody expected is told. */
export type ReportUnexpected = (error: unknown, operation: string) => void;

/** Runs operations by their names and turns what they throw into the answers the contract has for it. */
export class OperationRunner {
  readonly #operations: ReadonlyMap<string, ErasedOperation>;
  readonly #report: ReportUnexpected;

  constructor(operations: Operations, report: ReportUnexpected) {
    /* The types of the arguments are known up to here. Beyond, the contract stands for them: the generated types are its own. */
    this.#operations = new Map(Object.entries(operations as unknown as Record<string, ErasedOperation>));
    this.#report = report;
  }

  get names(): Iterable<string> {
    return this.#operations.keys();
  }

  /** @throws TypeError for a name the contract does not have. */
  find(name: string): ErasedOperation {
    const operation = this.#operations.get(name);
    if (!operation) throw new TypeError(`There is no operation ${name}.`);
    return operation;
  }

  /**
   * Where the content of a call goes, by the arguments that have come so far; undefined when the operation cannot say yet.
   * @throws Failure when the operation refuses the call, ArgumentError when an argument cannot be read.
   */
  async place(
    contract: OperationContract,
    texts: ReadonlyMap<string, string>,
    call: Call,
  ): Promise<Placement | undefined> {
    const before = bindArrived(contract, texts);
    try {
      return await this.find(contract.name).content?.place(before, call);
    } catch (error) {
      throw this.#asFailure(error, contract);
    }
  }

  /** Whether the operation changes nothing. */
  isRead(contract: OperationContract): boolean {
    return this.find(contract.name).isRead ?? false;
  }

  /** The most bytes of content the operation takes. */
  contentLimit(contract: OperationContract): number {
    return this.find(contract.name).content?.limit ?? 0;
  }

  /**
   * Carries out a call from its texts and contents. Never fails but for a text that cannot be read as its type.
   * @throws ArgumentError
   */
  async run(
    contract: OperationContract,
    texts: ReadonlyMap<string, string>,
    payloads: ReadonlyMap<string, Payload>,
    call: Call,
  ): Promise<Outcome> {
    return this.#carryOut(contract, bindArguments(contract, texts, payloads), call);
  }

  /** The answer to a call that failed before it could be run. */
  refuse(contract: OperationContract, failure: Failure): Outcome {
    const operation = this.find(contract.name);
    return { result: operation.refuse?.(failure) ?? refusal(operation.root, failure), failure };
  }

  async #carryOut(contract: OperationContract, args: NamedArguments, call: Call): Promise<Outcome> {
    try {
      return { result: await this.find(contract.name).run(args, call), failure: undefined };
    } catch (error) {
      return this.refuse(contract, this.#asFailure(error, contract));
    }
  }

  /** Tells of an error that changes nothing about the answer. */
  report(error: unknown, contract: OperationContract): void {
    this.#report(error, contract.name);
  }

  #asFailure(error: unknown, contract: OperationContract): Failure {
    if (!(error instanceof Failure)) {
      this.#report(error, contract.name);
      return unexpected();
    }
    if (error.cause !== undefined) this.#report(error.cause, contract.name);
    return error;
  }
}

/** The caller is told that something went wrong, and not what: that is in the log (CONTRACT: no path, SQL or stack). */
function unexpected(): Failure {
  return new Failure('SystemError: The server could not carry out the call.');
}
