import type { OperationArguments, OperationName } from '../contract/operations.generated.js';
import type { NamedArguments } from '../contract/arguments.js';
import type { Placement } from '../contract/payload.js';
import { elementResult, type Result } from '../contract/result.js';
import type { Failure } from '../values/failure.js';

/** What an operation may know of the call it serves, whatever protocol it came in. */
export interface Call {
  /** The caller's address, for the audit and for slowing down guesses. */
  readonly address: string;
  /**
   * Aborted, by a Failure, when nobody is there any more to be answered. For what takes long. Whoever listens to it stops listening
   * when done: it may live on with the caller's connection. Absent: that cannot be told.
   */
  readonly gone?: AbortSignal;
  /**
   * To be called when the call begins to wait for others, who may take as long as they like; what it returns, when it goes on. What the call
   * holds meanwhile counts.
   */
  beginWait?(): () => void;
  /** The name of the user whose call it is; an operation tells it once it knows, for the log. */
  user?: string;
  /** The session it has used last. */
  session?: number;
}

/** The name of the root element of an operation's answers, success or failure (CONTRACT). */
export type RootName = 'root' | 'response' | 'Response';

/** Where the content of a call goes, and how much of it. */
export interface ContentPlace<Arguments> {
  /** The most bytes that are written; what comes beyond is counted and thrown away, up to a bound of the binding's. */
  readonly limit: number;
  /**
   * Says where the content goes, from the arguments that came before it. Called when the content begins to arrive, before
   * the operation runs. Undefined: not known yet; the content then waits until the operation asks for it. A failure it
   * throws is the answer to the call.
   */
  readonly place: (before: Partial<Arguments>, call: Call) => Promise<Placement | undefined>;
}

/** One operation of the contract. It knows no protocol: typed arguments in, a result out. */
export interface Operation<Arguments> {
  readonly root: RootName;
  /** It changes nothing: whoever makes somebody call it, and does not see the answer, has gained nothing. @default false */
  readonly isRead?: boolean;
  /** For an operation with a base64Binary parameter: where its content goes. */
  readonly content?: ContentPlace<Arguments>;
  /** Carries the call out. @throws Failure when it cannot be, with the text the caller is told. */
  readonly run: (args: Arguments, call: Call) => Promise<Result>;
  /** The answer that tells of a failure. {@link refusal} when absent. */
  readonly refuse?: (failure: Failure) => Result;
}

/** Every operation of the contract, by name, each with the argument types the WSDL gives it. */
export type Operations = { readonly [Name in OperationName]: Operation<OperationArguments[Name]> };

/** An operation whose argument types are not known here, as the bindings see it: the contract has checked what they pass. */
export type ErasedOperation = Operation<NamedArguments>;

/** `<root success="false" error="…"/>`: how nearly every operation tells of a failure. */
export function refusal(root: RootName, failure: Failure): Result {
  return elementResult(root, { success: 'false', error: failure.message });
}
