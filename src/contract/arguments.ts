import type { OperationContract, Parameter, ParameterType } from './contract.js';
import { EMPTY_PAYLOAD } from './empty-payload.js';
import type { Payload } from './payload.js';

/** The value of an argument, as the generated types have it: int, short and long are numbers. */
export type ArgumentValue = string | number | boolean | Payload;

/** Arguments by the names of the contract. What they hold is what `OperationArguments` says, for the same contract. */
export type NamedArguments = Readonly<Record<string, ArgumentValue>>;

/** A value that cannot be read as its type: a protocol error, never a business failure (CONTRACT). */
export class ArgumentError extends Error {
  override readonly name = 'ArgumentError';
  readonly parameter: Parameter;
  readonly text: string;
  /** What .NET says inside a SOAP fault. */
  readonly soapMessage: string;
  /** What .NET says over GET and POST: an error of two lines, and the one inside it. Not escaped. */
  readonly httpMessages: readonly [outer: string, inner: string];

  constructor(parameter: Parameter, text: string, reason: { soap: string; http: string }) {
    super(`${parameter.name}: ${reason.soap}`);
    this.parameter = parameter;
    this.text = text;
    this.soapMessage = reason.soap;
    const type = DOTNET_NAMES[parameter.type];
    this.httpMessages = [`Cannot convert ${quote(text)} to System.${type}.\nParameter name: type`, reason.http];
  }
}

/** How much of a text is told back to its caller, UTF-16 code units: enough to find it by. ASMX tells all of it, however few bytes it came in. */
const MOST_QUOTED = 1000;

/** A text, or its beginning with an ellipsis. */
function quote(text: string): string {
  if (text.length <= MOST_QUOTED) return text;
  const isPairCut = (text.codePointAt(MOST_QUOTED - 1) ?? 0) > 0xffff;
  return `${text.slice(0, isPairCut ? MOST_QUOTED - 1 : MOST_QUOTED)}…`;
}

const DOTNET_NAMES: Readonly<Record<ParameterType, string>> = {
  string: 'String',
  int: 'Int32',
  short: 'Int16',
  long: 'Int64',
  boolean: 'Boolean',
  base64Binary: 'Byte[]',
};

/**
 * Reads the text of an argument that is not content. The contract takes on every binding what XML Schema (SOAP) or .NET
 * (GET and POST) would take: numbers with a sign and white space around them, `true` and `false` in any case, `1`, `0`.
 *
 * @throws ArgumentError when the text is not a value of the parameter's type, as empty text is for a number or a boolean.
 */
export function readArgument(parameter: Parameter, text: string): string | number | boolean {
  switch (parameter.type) {
    case 'string':
      return text;
    case 'boolean':
      return readBoolean(parameter, text);
    case 'int':
    case 'short':
    case 'long':
      return readInteger(parameter, text, RANGES[parameter.type]);
    case 'base64Binary':
      throw new TypeError(`${parameter.name} is content, and content is not read from text.`);
  }
}

/**
 * The arguments of a call, complete: what the caller left out has its default (empty string, 0, false, no content).
 *
 * @param texts - The arguments that are text, by the contract's spelling of their names; others are ignored.
 * @param contents - The arguments that are content, likewise.
 * @throws ArgumentError for the first parameter, in the contract's order, whose text cannot be read.
 */
export function bindArguments(
  operation: OperationContract,
  texts: ReadonlyMap<string, string>,
  contents: ReadonlyMap<string, Payload>,
): NamedArguments {
  const values: Record<string, ArgumentValue> = {};
  for (const parameter of operation.parameters) {
    if (parameter.type === 'base64Binary') {
      values[parameter.name] = contents.get(parameter.name) ?? EMPTY_PAYLOAD;
      continue;
    }
    const text = texts.get(parameter.name);
    values[parameter.name] = text === undefined ? DEFAULTS[parameter.type] : readArgument(parameter, text);
  }
  return values;
}

/**
 * The arguments that have arrived so far, and only those: what an operation may decide by before its content comes.
 *
 * @throws ArgumentError as {@link bindArguments}.
 */
export function bindArrived(operation: OperationContract, texts: ReadonlyMap<string, string>): NamedArguments {
  const values: Record<string, ArgumentValue> = {};
  for (const parameter of operation.parameters) {
    const text = parameter.type === 'base64Binary' ? undefined : texts.get(parameter.name);
    if (text !== undefined) values[parameter.name] = readArgument(parameter, text);
  }
  return values;
}

const DEFAULTS = { string: '', int: 0, short: 0, long: 0, boolean: false } as const;

const RANGES = {
  short: { least: -(2 ** 15), most: 2 ** 15 - 1 },
  int: { least: -(2 ** 31), most: 2 ** 31 - 1 },
  // Of the 64 bits, what a number holds exactly: enough for offsets into 8 PiB.
  long: { least: Number.MIN_SAFE_INTEGER, most: Number.MAX_SAFE_INTEGER },
} as const;

/** NumberStyles.Integer: the white space of .NET's number parser (U+0009 to U+000D and the space), a sign, digits. */
const INTEGER = /^[\t-\r ]*([+-]?)(\d+)[\t-\r ]*$/;

function readInteger(parameter: Parameter, text: string, range: { least: number; most: number }): number {
  const match = INTEGER.exec(text);
  if (match === null) throw unreadable(parameter, text, 'Input string was not in a correct format.');
  const magnitude = Number(match[2]);
  // Subtracting from zero, not negating, so that "-0" is 0.
  const value = match[1] === '-' ? 0 - magnitude : magnitude;
  if (value < range.least || value > range.most) {
    const type = DOTNET_NAMES[parameter.type];
    throw unreadable(parameter, text, `Value was either too large or too small for an ${type}.`);
  }
  return value;
}

const TRUE = /^[\t-\r ]*(?:true|1)[\t-\r ]*$/i;
const FALSE = /^[\t-\r ]*(?:false|0)[\t-\r ]*$/i;

function readBoolean(parameter: Parameter, text: string): boolean {
  if (TRUE.test(text)) return true;
  if (FALSE.test(text)) return false;
  throw new ArgumentError(parameter, text, {
    soap: `The string '${quote(text)}' is not a valid Boolean value.`,
    http: 'String was not recognized as a valid Boolean.',
  });
}

function unreadable(parameter: Parameter, text: string, reason: string): ArgumentError {
  return new ArgumentError(parameter, text, { soap: reason, http: reason });
}
