import type { OperationArguments, OperationName } from '../contract/operations.generated.js';
import type { Placement } from '../contract/payload.js';
import { elementResult, type Result } from '../contract/result.js';
import type { Failure } from '../values/failure.js';

/** What an operation may know of the call it serves, whatever protocol it came in. */
export interface Call {
  /** The caller's address, for the audit and for slowing down guesses. */
  readonly address: string;
}

/** The name of the root element of an operation's answers, success or failure (CONTRACT). */
export type RootName = 'root' | 'response' | 'Response';

/** One operation of the contract. It knows no protocol: typed arguments in, a result out. */
export interface Operation<Arguments> {
  readonly root: RootName;
  /**
   * Says where the content in the message goes, from the arguments that came before it; called when the first byte of
   * content is there, before {@link run}. Undefined: not known yet, the content waits in the spool until run asks for it.
   * A failure it throws is the answer to the call; the content is then read and thrown away.
   */
  readonly place?: (before: Partial<Arguments>, call: Call) => Promise<Placement | undefined>;
  /** Carries the call out. @throws Failure when it cannot be, with the text the caller is told. */
  readonly run: (args: Arguments, call: Call) => Promise<Result>;
  /** The answer that tells of a failure. {@link refusal} when absent. */
  readonly refuse?: (failure: Failure) => Result;
}

/** Every operation of the contract, by name, each with the argument types the WSDL gives it. */
export type Operations = { readonly [Name in OperationName]: Operation<OperationArguments[Name]> };

/** `<root success="false" error="…"/>`: how nearly every operation tells of a failure. */
export function refusal(root: RootName, failure: Failure): Result {
  return elementResult(root, { success: 'false', error: failure.message });
}
