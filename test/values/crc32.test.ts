import zlib from 'node:zlib';
import CRC32 from 'crc-32';
import fc from 'fast-check';
import { combineCrc32, crc32, EMPTY_CRC32, paddedHex, parseCrc32, upperHex } from '../../src/values/crc32.js';

const anyBytes = fc.uint8Array({ maxLength: 2000 }).map((bytes) => Buffer.from(bytes));
const anyCrc32 = fc.nat({ max: 0xffffffff });

test('The checksum of bytes is the one zip has, in one piece and in any', () => {
  fc.assert(
    fc.property(fc.array(anyBytes, { maxLength: 6 }), (pieces) => {
      const running = pieces.reduce((crc, bytes) => crc32(bytes, crc), EMPTY_CRC32);
      expect(running).toBe(CRC32.buf(Buffer.concat(pieces)) >>> 0);
    }),
  );
});

test('Checksums of pieces combine to that of the whole, wherever it was split', () => {
  fc.assert(
    fc.property(fc.array(anyBytes, { maxLength: 6 }), (pieces) => {
      const combined = pieces.reduce((crc, bytes) => combineCrc32(crc, crc32(bytes), bytes.length), EMPTY_CRC32);
      expect(combined).toBe(zlib.crc32(Buffer.concat(pieces)));
    }),
    { numRuns: 500 },
  );
});

test('It does not matter in which order checksums are combined, for content of any length', () => {
  const anyLength = fc.nat({ max: 2 ** 51 - 1 });
  fc.assert(
    fc.property(anyCrc32, anyCrc32, anyCrc32, anyLength, anyLength, (first, second, third, middle, last) => {
      const leftFirst = combineCrc32(combineCrc32(first, second, middle), third, last);
      const rightFirst = combineCrc32(first, combineCrc32(second, third, last), middle + last);
      expect(leftFirst).toBe(rightFirst);
    }),
  );
});

test('What is written is read back as the same number, in any case, padded or not, with 0x or without', () => {
  const anyForm = fc.tuple(
    fc.constantFrom('', '0x', '0X'),
    fc.boolean(),
    fc.boolean(),
    fc.constantFrom('', ' ', '\r\n'),
  );
  fc.assert(
    fc.property(anyCrc32, anyForm, (crc, [prefix, isPadded, isUpper, space]) => {
      const digits = isPadded ? paddedHex(crc) : upperHex(crc);
      expect(parseCrc32(`${space}${prefix}${isUpper ? digits.toUpperCase() : digits.toLowerCase()}${space}`)).toBe(crc);
    }),
  );
});

test('Whatever else the text is, it is no checksum', () => {
  fc.assert(
    fc.property(fc.string({ unit: 'binary' }), (text) => {
      const read = parseCrc32(text);
      const isHexadecimal = /^\s*(?:0x)?0*[0-9a-f]{1,8}\s*$/i.test(text);
      expect(read !== undefined).toBe(isHexadecimal);
    }),
    { examples: [['123456789'], ['-1'], ['0x'], [''], ['1 2'], ['1e3g'], ['٣']] },
  );
});
