import { types } from 'node:util';
import { printable } from './values/printable.js';

/** An error as the log has it: what happened, and not where. No stack, and no path of the server. */
export interface LoggedError {
  readonly type: string;
  readonly message: string;
  /** The code of the operating system, of SQLite or of Node.js. */
  readonly code?: string;
  /** What it came from. */
  readonly cause?: LoggedError;
}

/** The longest message, characters, and the longest chain of causes. */
const MAX_MESSAGE = 500;
const MAX_CAUSES = 5;

/** A path or the URL of a file, in quotes or not. */
const PATH = /(['"`])(?:file:\/\/)?\/.*?\1|(?:file:\/\/|(?<![\w:/]))(?:\/[^\s/'"`,;()]+){2,}\/?/g;

/** Describes whatever was thrown. */
export function loggedError(error: unknown, causes = MAX_CAUSES): LoggedError {
  if (!isError(error)) return { type: typeof error, message: withoutPaths(String(error)) };
  const { cause, message, name } = error;
  return {
    type: name,
    message: withoutPaths(message),
    ...('code' in error ? { code: String(error.code) } : {}),
    ...(cause !== undefined && causes > 1 ? { cause: loggedError(cause, causes - 1) } : {}),
  };
}

/** Errors of Node.js may be of another realm than this one. */
function isError(error: unknown): error is Error {
  return error instanceof Error || types.isNativeError(error);
}

function withoutPaths(message: string): string {
  return printable(message.slice(0, MAX_MESSAGE).replace(PATH, '(path)'));
}
