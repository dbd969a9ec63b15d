import { ArgumentError } from '../contract/arguments.js';
import { Failure } from '../values/failure.js';
import { MessageTooLarge, UnreadableMessage } from './payload/argument-receiver.js';
import { MessageInterrupted } from './payload/message-pump.js';

/** What the log says of a call whose operation there is not. */
export const UNKNOWN_OPERATION = 'unknown operation';

/** What the log says of a message that is of no type that is served where it was sent. */
export const UNSUPPORTED_TYPE = 'unsupported media type';

/** What the log says of a call that ended by this error. Its text is for the caller, whose own words may be in it. */
export function outcomeOf(error: unknown): string {
  if (error instanceof Failure) return error.summary;
  if (error instanceof ArgumentError) return `${error.parameter.name} is not of type ${error.parameter.type}`;
  if (error instanceof UnreadableMessage) return 'unreadable message';
  if (error instanceof MessageTooLarge) return 'message too large';
  if (error instanceof MessageInterrupted) return error.isTimeout ? 'timed out' : 'interrupted';
  return 'SystemError';
}
