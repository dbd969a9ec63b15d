import fc from 'fast-check';
import { ArgumentError, bindArguments, bindArrived, readArgument } from '../../src/contract/arguments.js';
import type { OperationContract, Parameter } from '../../src/contract/contract.js';
import { loadContract } from '../../src/contract/wsdl-reader.js';

/* What holds for whatever text a caller sends; the table of single texts is in arguments.test.ts. */

const WHITE = fc.string({ unit: fc.constantFrom(' ', '\t', '\n', '\v', '\f', '\r'), maxLength: 5 });

const RANGES = [
  { type: 'short', least: -32768n, most: 32767n },
  { type: 'int', least: -2147483648n, most: 2147483647n },
  { type: 'long', least: -9007199254740991n, most: 9007199254740991n },
] as const;

/** The value, or the error by its name. Anything else that is thrown is thrown on. */
function outcome(parameter: Parameter, text: string): unknown {
  try {
    return readArgument(parameter, text);
  } catch (error) {
    if (error instanceof ArgumentError) return 'ArgumentError';
    throw error;
  }
}

test.each(RANGES)('A whole number is read as $type exactly when it is in its range', ({ least, most, type }) => {
  const near = fc.bigInt({ min: -3n, max: 3n });
  const number = fc.oneof(
    fc.bigInt({ min: least, max: most }),
    fc.bigInt({ min: -(2n ** 80n), max: 2n ** 80n }),
    fc.tuple(fc.constantFrom(least, most, 0n), near).map(([edge, distance]) => edge + distance),
  );
  const zeros = fc.nat({ max: 30 }).map((count) => '0'.repeat(count));
  fc.assert(
    fc.property(number, zeros, fc.boolean(), WHITE, WHITE, (value, padding, hasPlus, before, after) => {
      const magnitude = value < 0n ? -value : value;
      const sign = value < 0n ? '-' : hasPlus ? '+' : '';
      const expected = value >= least && value <= most ? Number(value) : 'ArgumentError';
      expect(outcome({ name: 'n', type }, `${before}${sign}${padding}${magnitude}${after}`)).toBe(expected);
    }),
    { numRuns: 500 },
  );
});

test('A boolean is read in any case with white space around', () => {
  fc.assert(
    fc.property(
      fc.boolean(),
      fc.infiniteStream(fc.boolean()),
      fc.boolean(),
      WHITE,
      WHITE,
      (value, upper, isDigit, a, b) => {
        const word = Array.from(String(value), (c) => (upper.next().value ? c.toUpperCase() : c)).join('');
        const text = isDigit ? String(Number(value)) : word;
        expect(outcome({ name: 'b', type: 'boolean' }, `${a}${text}${b}`)).toBe(value);
      },
    ),
  );
});

const anyText = fc.oneof(
  fc.string({ unit: 'binary' }),
  fc.string({ unit: fc.constantFrom('0', '1', '9', '+', '-', '.', ' ', 'e', 'x', 't', '\u0000', '\u00a0', '٣') }),
  fc.constantFrom('NaN', 'Infinity', '1e3', '0b1', '0o7', '1_000', '1n', 'true\n', '__proto__', '[object Object]'),
);

test('Whatever the text, it is a value of the type or an ArgumentError, and a string is what it was', () => {
  fc.assert(
    fc.property(anyText, (text) => {
      expect(outcome({ name: 's', type: 'string' }, text)).toBe(text);
      for (const { type, least, most } of RANGES) {
        const value = outcome({ name: 'n', type }, text);
        if (value === 'ArgumentError') continue;
        expect(Number.isSafeInteger(value) && Number(value) >= Number(least) && Number(value) <= Number(most)).toBe(
          true,
        );
        expect(Object.is(value, -0)).toBe(false);
      }
      expect([true, false, 'ArgumentError']).toContain(outcome({ name: 'b', type: 'boolean' }, text));
    }),
    { numRuns: 1000 },
  );
});

const operations = [...loadContract().operations.values()];

test('Whatever texts come for whatever operation, the arguments are complete and of their types, or an ArgumentError says which is not', () => {
  const anyOperation = fc.constantFrom(...operations);
  fc.assert(
    fc.property(anyOperation, fc.array(fc.tuple(fc.nat(20), anyText)), (operation, values) => {
      const texts = new Map(values.map(([n, text]) => [nameOf(operation, n), text]));
      const bound = bind(() => bindArguments(operation, texts, new Map()));
      const arrived = bind(() => bindArrived(operation, texts));
      if (bound === undefined || arrived === undefined) {
        expect([bound, arrived]).toEqual([undefined, undefined]);
        return;
      }
      expect(Object.keys(bound)).toEqual(operation.parameters.map(({ name }) => name));
      for (const { name, type } of operation.parameters) {
        if (type === 'base64Binary') expect(bound[name]).toMatchObject({ length: 0 });
        else expect(typeof bound[name]).toBe(type === 'string' || type === 'boolean' ? type : 'number');
        if (name in arrived) expect(arrived[name]).toBe(bound[name]);
      }
    }),
    { numRuns: 1000 },
  );
});

/** The name of a parameter, or one that the operation does not have. */
function nameOf(operation: OperationContract, n: number): string {
  return operation.parameters[n]?.name ?? ['__proto__', 'constructor', 'unknown', ''][n % 4] ?? '';
}

function bind<T>(work: () => T): T | undefined {
  try {
    return work();
  } catch (error) {
    if (error instanceof ArgumentError) return undefined;
    throw error;
  }
}
