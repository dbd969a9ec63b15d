import { ArgumentError, bindArguments, bindArrived, readArgument } from '../../src/contract/arguments.js';
import type { OperationContract, ParameterType } from '../../src/contract/contract.js';
import type { Payload } from '../../src/contract/payload.js';
import { loadContract } from '../../src/contract/wsdl-reader.js';

const read = (type: ParameterType, text: string) => readArgument({ name: 'number', type }, text);

function errorOf(type: ParameterType, text: string): ArgumentError {
  try {
    read(type, text);
  } catch (error) {
    if (error instanceof ArgumentError) return error;
    throw error;
  }
  throw new Error(`${JSON.stringify(text)} was read as ${type}.`);
}

describe('texts that are values', () => {
  test.each<[type: ParameterType, text: string, value: string | number | boolean]>([
    ['string', '', ''],
    ['string', ' a\n b ', ' a\n b '],
    ['int', '7', 7],
    ['int', ' 7 ', 7],
    ['int', '\t\n\v\f\r 7\r\n', 7],
    ['int', '+7', 7],
    ['int', '-7', -7],
    ['int', '-0', 0],
    ['int', '007', 7],
    ['int', `${'0'.repeat(100_000)}7`, 7],
    ['int', '2147483647', 2147483647],
    ['int', '-2147483648', -2147483648],
    ['short', '32767', 32767],
    ['short', '-32768', -32768],
    ['long', '2147483648', 2147483648],
    ['long', '9007199254740991', Number.MAX_SAFE_INTEGER],
    ['long', '-9007199254740991', Number.MIN_SAFE_INTEGER],
    ['boolean', 'true', true],
    ['boolean', 'True', true],
    ['boolean', 'TRUE', true],
    ['boolean', '1', true],
    ['boolean', ' true ', true],
    ['boolean', '\r\n1\t', true],
    ['boolean', 'false', false],
    ['boolean', 'False', false],
    ['boolean', 'FALSE', false],
    ['boolean', '0', false],
    ['boolean', ' 0 ', false],
  ])('%s: %j is %j', (type, text, value) => {
    expect(read(type, text)).toBe(value);
  });
});

const FORMAT = 'Input string was not in a correct format.';
const size = (type: string) => `Value was either too large or too small for an ${type}.`;

describe('texts that are not', () => {
  test.each<[type: ParameterType, text: string, dotnet: string, message: string]>([
    ['int', '', 'Int32', FORMAT],
    ['int', ' ', 'Int32', FORMAT],
    ['int', 'abc', 'Int32', FORMAT],
    ['int', 'many', 'Int32', FORMAT],
    ['int', '7.0', 'Int32', FORMAT],
    ['int', '0x7', 'Int32', FORMAT],
    ['int', '1,000', 'Int32', FORMAT],
    ['int', '1,2', 'Int32', FORMAT],
    ['int', '1e3', 'Int32', FORMAT],
    ['int', '7-', 'Int32', FORMAT],
    ['int', '+ 7', 'Int32', FORMAT],
    ['int', '+-7', 'Int32', FORMAT],
    ['int', '7 7', 'Int32', FORMAT],
    ['int', '\u00a07', 'Int32', FORMAT],
    ['int', '٧', 'Int32', FORMAT],
    ['int', 'Infinity', 'Int32', FORMAT],
    ['int', '2147483648', 'Int32', size('Int32')],
    ['int', '-2147483649', 'Int32', size('Int32')],
    ['int', '9'.repeat(1000), 'Int32', size('Int32')],
    ['short', '', 'Int16', FORMAT],
    ['short', '32768', 'Int16', size('Int16')],
    ['short', '-32769', 'Int16', size('Int16')],
    ['long', 'x', 'Int64', FORMAT],
    ['long', '9223372036854775808', 'Int64', size('Int64')],
    ['long', '9007199254740992', 'Int64', size('Int64')],
    ['long', '-9007199254740993', 'Int64', size('Int64')],
  ])('%s: %j', (type, text, dotnet, message) => {
    const error = errorOf(type, text);
    expect(error.soapMessage).toBe(message);
    expect(error.httpMessages).toEqual([`Cannot convert ${text} to System.${dotnet}.\nParameter name: type`, message]);
    expect(error.parameter).toEqual({ name: 'number', type });
    expect(error.text).toBe(text);
  });

  test.each(['yes', '', 'on', '2', '-1', '01', 't', 'true false', 'tr\u0000ue', '\u00a0true'])(
    'boolean: %j',
    (text) => {
      const error = errorOf('boolean', text);
      expect(error.soapMessage).toBe(`The string '${text}' is not a valid Boolean value.`);
      expect(error.httpMessages).toEqual([
        `Cannot convert ${text} to System.Boolean.\nParameter name: type`,
        'String was not recognized as a valid Boolean.',
      ]);
    },
  );

  test.each([
    ['x'.repeat(1001), `${'x'.repeat(1000)}…`],
    ['9'.repeat(100_000), `${'9'.repeat(1000)}…`],
    [`${'x'.repeat(998)}😀x`, `${'x'.repeat(998)}😀…`],
    [`${'x'.repeat(999)}😀`, `${'x'.repeat(999)}…`],
  ])('of a long one the beginning is told: case %#', (text, told) => {
    const [outer] = errorOf('int', text).httpMessages;
    expect(outer).toBe(`Cannot convert ${told} to System.Int32.\nParameter name: type`);
    expect(errorOf('boolean', text).soapMessage).toBe(`The string '${told}' is not a valid Boolean value.`);
  });

  test('content is not read from text', () => {
    expect(() => read('base64Binary', 'YWI=')).toThrow(TypeError);
  });
});

describe('the arguments of a call', () => {
  const uploadFileChunk = operation('UploadFileChunk');
  const chunk: Payload = { length: 3, crc32: 0x352441c2, placement: undefined, copyTo: () => Promise.resolve() };

  test('come as the types of the contract', () => {
    const texts = new Map([
      ['authenticationTicket', 't'],
      ['uploadHandler', 'h'],
      ['chunkHEXCRC', '352441C2'],
      ['lastChunk', 'True'],
      ['unknown', 'ignored'],
    ]);
    expect(bindArguments(uploadFileChunk, texts, new Map([['fileChunk', chunk]]))).toEqual({
      authenticationTicket: 't',
      uploadHandler: 'h',
      fileChunk: chunk,
      chunkHEXCRC: '352441C2',
      lastChunk: true,
    });
  });

  test('that are left out have their defaults: empty string, 0, false, no content', () => {
    expect(bindArguments(uploadFileChunk, new Map(), new Map())).toEqual({
      authenticationTicket: '',
      uploadHandler: '',
      fileChunk: expect.objectContaining({ length: 0, crc32: 0, placement: undefined }) as unknown,
      chunkHEXCRC: '',
      lastChunk: false,
    });
    expect(bindArguments(operation('UploadDocumentWithHandler2'), new Map(), new Map())).toMatchObject({
      mpVersionMajor: 0,
    });
    expect(bindArguments(operation('DownloadFileChunk'), new Map(), new Map())).toMatchObject({
      StartOffset: 0,
      ChunkSize: 0,
    });
  });

  test('that are no content give none to a sink', async () => {
    const { fileChunk } = bindArguments(uploadFileChunk, new Map(), new Map());
    const written: Buffer[] = [];
    await (fileChunk as Payload).copyTo({ write: (bytes) => void written.push(bytes) });
    expect(written).toEqual([]);
  });

  test('with several that cannot be read tell of the first in the order of the contract', () => {
    const texts = new Map([
      ['ChunkSize', 'b'],
      ['StartOffset', 'a'],
    ]);
    expect(() => bindArguments(operation('DownloadFileChunk'), texts, new Map())).toThrow(
      expect.objectContaining({ text: 'a', parameter: { name: 'StartOffset', type: 'long' } }) as Error,
    );
  });

  test('of an operation without parameters are none', () => {
    expect(bindArguments(operation('ServerInfo'), new Map([['x', 'y']]), new Map())).toEqual({});
  });

  test('that have arrived before the content are typed, and what is still to come has no value', () => {
    const texts = new Map([
      ['lastChunk', '1'],
      ['authenticationTicket', 't'],
    ]);
    expect(bindArrived(uploadFileChunk, texts)).toEqual({ authenticationTicket: 't', lastChunk: true });
    expect(() => bindArrived(uploadFileChunk, new Map([['lastChunk', 'maybe']]))).toThrow(ArgumentError);
  });
});

function operation(name: string): OperationContract {
  const found = loadContract().operations.get(name);
  if (found === undefined) throw new Error(`There is no operation ${name}.`);
  return found;
}
