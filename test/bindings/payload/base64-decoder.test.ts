import fc from 'fast-check';
import { MessageTooLarge, UnreadableMessage } from '../../../src/bindings/payload/argument-receiver.js';
import { Base64Decoder, type Base64DecoderOptions } from '../../../src/bindings/payload/base64-decoder.js';
import { anyCuts, anyManner, cutAt, expectSame, feed, Gathered, type Manner, manners } from './receivers.js';

async function decode(text: string, options: Base64DecoderOptions = {}, cuts: readonly number[] = []): Promise<Buffer> {
  const gathered = new Gathered();
  await feed(new Base64Decoder(gathered, options), cutAt(Buffer.from(text, 'latin1'), cuts));
  expect(gathered.ended).toBe(true);
  return gathered.bytes;
}

const ALPHABET = Array.from('ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/');

/** Text of `length` bytes of content: long enough that it is not decoded byte by byte. */
function long(length: number): { content: Buffer; text: string } {
  const content = Buffer.from(Array.from({ length }, (_, n) => (n * 7919) >>> 3));
  return { content, text: content.toString('base64') };
}

test.each([
  ['', ''],
  ['YWJj', 'abc'],
  ['YWI=', 'ab'],
  ['YQ==', 'a'],
  ['YWI', 'ab'],
  ['YQ', 'a'],
  ['Y', ''],
  ['YWJjY', 'abc'],
  ['Y=', ''],
  ['=', ''],
  ['YWI==', 'ab'],
  ['YWJj=', 'abc'],
  ['YQ=\n=\n', 'a'],
  [' Y\tW\r\nJ j\r\n', 'abc'],
  ['YWI= \r\n', 'ab'],
])('%j is %j', async (text, content) => {
  expect((await decode(text)).toString()).toBe(content);
});

test.each([
  ['YWI=YWI=', "Invalid base64: after the padding there is a 'Y'."],
  ['@@@@', "Invalid base64: there is a '@'."],
  ['YW-j', "Invalid base64: there is a '-'."],
  ['YW_j', "Invalid base64: there is a '_'."],
  ['YW\fj', 'Invalid base64: there is the character 0x0C.'],
  ['YW\0j', 'Invalid base64: there is the character 0x00.'],
  ['YW\xe9j', 'Invalid base64: there is the character 0xE9.'],
  ['YW&#10;j', "Invalid base64: there is a '&'."],
])('%j is refused', async (text, message) => {
  await expect(decode(text)).rejects.toThrow(new UnreadableMessage(message));
});

test.each([0, 1, 2, 3])(
  'every byte that is not base64 is found in long text, at place %i of its group',
  async (place) => {
    const { text } = long(300);
    const alphabet = /[A-Za-z0-9+/ \t\r\n]/;
    for (let byte = 0; byte < 256; byte++) {
      const character = String.fromCharCode(byte);
      if (alphabet.test(character)) continue;
      const at = 200 + place;
      const spoilt = text.slice(0, at) + character + text.slice(at + 1);
      await expect(decode(spoilt)).rejects.toThrow(UnreadableMessage);
      await expect(decode(spoilt.replace(/.{76}/g, '$&\n'))).rejects.toThrow(UnreadableMessage);
    }
  },
);

test.each(['-', '_', '@', '='])('%j among the last characters of long text is found', async (character) => {
  const { text } = long(300);
  for (let at = text.length - 8; at < text.length - 1; at++) {
    await expect(decode(text.slice(0, at) + character + text.slice(at + 1))).rejects.toThrow(UnreadableMessage);
  }
});

test('text without padding and text with one character too many decode at any length', async () => {
  for (let length = 60; length < 70; length++) {
    const { content, text } = long(length);
    const bare = text.replace(/=/g, '');
    expect(await decode(bare)).toEqual(content);
    expect(await decode(`${text}  `)).toEqual(content);
    if (length % 3 === 0) expect(await decode(`${bare}A`)).toEqual(content);
  }
});

test.each([
  ['line breaks', /.{76}/g, '$&\r\n'],
  ['line breaks and indentation', /.{72}/g, '\n    $&'],
  ['a space after each character', /./g, '$& '],
  ['nothing but a break somewhere', /^.{70000}/, '$&\n'],
])('long text with %s decodes', async (_, where, replacement) => {
  const { content, text } = long(200_000);
  expectSame(await decode(text.replace(where, replacement)), content);
});

test('long text decodes wherever it is cut and a line breaks near the cut', async () => {
  const { content, text } = long(300);
  for (let cut = 100; cut < 104; cut++) {
    for (let at = cut - 4; at < cut + 8; at++) {
      const broken = `${text.slice(0, at)}\n${text.slice(at)}`;
      expectSame(await decode(broken, {}, [cut / broken.length, (cut + 100) / broken.length]), content);
    }
  }
});

test('long text that comes after the padding is refused, also when it comes later', async () => {
  const { text } = long(300);
  await expect(decode(`YWI=${text}`, {}, [4 / 404])).rejects.toThrow(UnreadableMessage);
  await expect(decode(`YWI=${text}`)).rejects.toThrow(UnreadableMessage);
});

test('a form feed between the lines is no white space', async () => {
  const { text } = long(1000);
  await expect(decode(text.replace(/.{76}/g, '$&\f'))).rejects.toThrow(UnreadableMessage);
});

test('what the sink is given is never longer than 48 KiB and a group', async () => {
  const { text } = long(1_000_000);
  const gathered = new Gathered();
  await feed(new Base64Decoder(gathered), [Buffer.from(text)]);
  expect(gathered.longest).toBeGreaterThan(40_000);
  expect(gathered.longest).toBeLessThanOrEqual(48 * 1024 + 3);
});

test('only the part of a buffer it is told to take is decoded', async () => {
  const { content, text } = long(500);
  const gathered = new Gathered();
  const decoder = new Base64Decoder(gathered);
  await decoder.write(Buffer.from(`<a>${text}</a>`), 3, 3 + text.length);
  await decoder.end();
  expectSame(gathered.bytes, content);
});

test('a sink that takes everything at once is served without a promise', () => {
  const { content, text } = long(200_000);
  const gathered = new Gathered('at once');
  const decoder = new Base64Decoder(gathered);
  expect(decoder.write(Buffer.from(text))).toBeUndefined();
  expect(decoder.end()).toBeUndefined();
  expectSame(gathered.bytes, content);
});

test('many decoders whose sinks are slow do not disturb each other', async () => {
  const contents = Array.from({ length: 20 }, (_, n) => Buffer.alloc(150_000, n + 1));
  const sinks = contents.map((_, n) => new Gathered(manners[n % manners.length]));
  await Promise.all(
    contents.map((content, n) =>
      feed(new Base64Decoder(sinks[n] ?? new Gathered()), cutAt(Buffer.from(content.toString('base64')), [0.3, 0.7])),
    ),
  );
  contents.forEach((content, n) => expectSame(sinks[n]?.bytes ?? Buffer.alloc(0), content));
});

test('what goes wrong in the sink reaches whoever writes, at once or later', async () => {
  const { text } = long(200);
  const full = new Error('full');
  const atOnce = new Base64Decoder({
    write: () => {
      throw full;
    },
    end: () => undefined,
  });
  expect(() => atOnce.write(Buffer.from(text))).toThrow(full);
  const later = new Base64Decoder({ write: () => Promise.reject(full), end: () => undefined });
  await expect(later.write(Buffer.from(text))).rejects.toThrow(full);
});

describe('where a space stands for a plus sign', () => {
  test.each([
    [' ///', Buffer.from([0xfb, 0xff, 0xff])],
    ['/ / ', Buffer.from([0xff, 0xef, 0xfe])],
    ['//\r\n /', Buffer.from([0xff, 0xff, 0xbf])],
  ])('%j decodes', async (text, content) => {
    expect(await decode(text, { spaceIsPlus: true })).toEqual(content);
  });

  test('long text with both decodes', async () => {
    const content = Buffer.alloc(3000, Buffer.from([0xfb, 0xef, 0xbe, 1, 2, 3]));
    const text = content.toString('base64');
    expect(text).toContain('+');
    expect(await decode(text.replace(/\+/g, ' '), { spaceIsPlus: true })).toEqual(content);
  });
});

describe('in the text of an XML element', () => {
  test.each([
    ['YW&#10;Jj&#xA;', 'abc'],
    ['YW&#xD;\n&#x9;&#32;Jj', 'abc'],
    ['YW&#74;j', 'abc'],
    ['YW&#x4a;j', 'abc'],
    ['YWI&#61;', 'ab'],
    ['&#x0000000059;WJj', 'abc'],
    [`&#${'0'.repeat(29)}89;WJj`, 'abc'],
    ['&#89;&#x57;&#x4A;&#x6a;', 'abc'],
  ])('%j is %j', async (text, content) => {
    expect((await decode(text, { references: true })).toString()).toBe(content);
  });

  test.each([
    ['YW&lt;j', "Invalid base64: there is a '<'."],
    ['YW&amp;j', "Invalid base64: there is a '&'."],
    ['YW&#38;#10;j', "Invalid base64: there is a '&'."],
    ['YW&#xE9;j', 'Invalid base64: there is the character 0xE9.'],
    ['YW&#x20AC;j', 'Invalid base64: there is the character 0x20AC.'],
    ['YW&nbsp;j', "Invalid base64: the entity 'nbsp' is not defined."],
    ['YW&constructor;j', "Invalid base64: the entity 'constructor' is not defined."],
    ['YW&;j', "Invalid base64: the entity '' is not defined."],
    ['YW&#X41;j', "Invalid base64: the entity '#X41' is not defined."],
    ['YW&#;j', "Invalid base64: the entity '#' is not defined."],
    ['YW&#x4A;&#;', "Invalid base64: the entity '#' is not defined."],
    ['YW&#x4A;&;', "Invalid base64: the entity '' is not defined."],
    ['YW&#74;&;', "Invalid base64: the entity '' is not defined."],
    ['YW&#x;j', "Invalid base64: the entity '#x' is not defined."],
    ['YW&#4A;j', "Invalid base64: the entity '#4A' is not defined."],
    ['YW&#x4G;j', "Invalid base64: the entity '#x4G' is not defined."],
    ['YW&# 65;j', "Invalid base64: the entity '# 65' is not defined."],
    ['YW&#65&#65;j', "Invalid base64: the entity '#65&#65' is not defined."],
    ['YW&\xe9;j', "Invalid base64: the entity '?' is not defined."],
    ['YWI=&#65;', "Invalid base64: after the padding there is a 'A'."],
    [`YW&#${'0'.repeat(30)}89;`, `Invalid base64: the reference '&#${'0'.repeat(30)}89' does not end.`],
    ['YW&#10', "Invalid base64: the reference '&#10' does not end."],
    [`YW&${'A'.repeat(100)};`, `Invalid base64: the reference '&${'A'.repeat(33)}' does not end.`],
  ])('%j is refused', async (text, message) => {
    await expect(decode(text, { references: true })).rejects.toThrow(new UnreadableMessage(message));
  });

  test('a reference that is cut is one reference, whatever length of text follows', async () => {
    const { content, text } = long(300);
    for (let cut = 100; cut < 106; cut++) {
      const referring = `${text.slice(0, 100)}&#10;${text.slice(100)}`;
      expectSame(await decode(referring, { references: true }, [cut / referring.length]), content);
    }
  });

  test('a reference that does not end is refused, also when it is cut', async () => {
    const message = `Invalid base64: the reference '&${'A'.repeat(33)}' does not end.`;
    const text = `YW&${'A'.repeat(196)};`;
    await expect(decode(text, { references: true }, [0.015])).rejects.toThrow(new UnreadableMessage(message));
  });

  test('text that consists of references is one text, cut at every byte', async () => {
    const text = '&#89;&#x57;&#x004A;&#106;&#10;YW&#x3d;&#61;';
    for (let at = 0; at <= text.length; at++) {
      for (const next of [1, 2, 5]) {
        const cuts = [at / text.length, Math.min(at + next, text.length) / text.length];
        expect((await decode(text, { references: true }, cuts)).toString()).toBe('abca');
      }
    }
  });

  test('long text with a reference at each line end decodes', async () => {
    const { content, text } = long(10_000);
    expect(await decode(text.replace(/.{76}/g, '$&&#xD;\n'), { references: true })).toEqual(content);
  });
});

describe('text that decodes to next to nothing', () => {
  const line = `${' '.repeat(1023)}\n`;

  test('is refused before it has gone on for long', async () => {
    const decoder = new Base64Decoder(new Gathered());
    await decoder.write(Buffer.from('YWJj'));
    const endless = async (): Promise<void> => {
      for (;;) await decoder.write(Buffer.from(line));
    };
    await expect(endless()).rejects.toThrow(
      new MessageTooLarge('There is much more white space in the base64 than content.'),
    );
  });

  test('is taken while there is content beside it', async () => {
    const { content, text } = long(800_000);
    expectSame(await decode(text.replace(/.{8}/g, '$&\r\n    ')), content);
  });
});

test('any content, with anything allowed between its characters, cut anywhere, decodes to itself', async () => {
  const between = fc.constantFrom('', ' ', '\n', '\r\n', '\t ', '&#10;', '&#xD;');
  await fc.assert(
    fc.asyncProperty(
      fc.uint8Array({ maxLength: 600 }),
      fc.array(fc.tuple(fc.nat(800), between), { maxLength: 6 }),
      fc.boolean(),
      anyCuts,
      anyManner,
      async (content, insertions, padded, cuts, manner) => {
        let text = Buffer.from(content).toString('base64');
        if (!padded) text = text.replace(/=/g, '');
        for (const [place, inserted] of insertions.sort(([a], [b]) => b - a)) {
          if (place <= text.length) text = text.slice(0, place) + inserted + text.slice(place);
        }
        const gathered = new Gathered(manner);
        await feed(new Base64Decoder(gathered, { references: true }), cutAt(Buffer.from(text), cuts));
        expect(gathered.bytes).toEqual(Buffer.from(content));
      },
    ),
    { numRuns: 300 },
  );
});

test('any content, its characters written as references of any kind or not, cut anywhere, decodes to itself', async () => {
  const write = [
    (character: string) => character,
    (character: string) => `&#${character.charCodeAt(0)};`,
    (character: string) => `&#x${character.charCodeAt(0).toString(16)};`,
    (character: string) => `&#x000${character.charCodeAt(0).toString(16).toUpperCase()};`,
    (character: string) => `${character}\n&#13;`,
  ];
  await fc.assert(
    fc.asyncProperty(
      fc.uint8Array({ maxLength: 300 }),
      fc.array(fc.tuple(fc.constantFrom(...write), fc.integer({ min: 1, max: 40 })), { minLength: 1, maxLength: 8 }),
      anyCuts,
      anyManner,
      async (content, stretches, cuts, manner) => {
        const forms = stretches.flatMap(([form, length]) => Array<(character: string) => string>(length).fill(form));
        const text = Array.from(Buffer.from(content).toString('base64'), (character, n) =>
          (forms[n % forms.length] ?? String)(character),
        ).join('');
        const gathered = new Gathered(manner);
        await feed(new Base64Decoder(gathered, { references: true }), cutAt(Buffer.from(text), cuts));
        expect(gathered.bytes).toEqual(Buffer.from(content));
      },
    ),
    { numRuns: 300 },
  );
});

test('what there is room for is decoded there, whatever room is left and wherever the text is cut', async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.integer({ min: 5000, max: 9000 }),
      fc.integer({ min: 1, max: 40_000 }),
      fc.boolean(),
      anyCuts,
      anyManner,
      async (size, length, wrapped, cuts, manner) => {
        const { content, text } = long(length);
        const roomy = new Roomy(size, manner);
        await feed(new Base64Decoder(roomy), cutAt(Buffer.from(wrapped ? text.replace(/.{76}/g, '$&\n') : text), cuts));
        expectSame(roomy.bytes, content);
        /* The longer it is, the more of it need not be copied. */
        if (length > size && cuts.length === 0) expect(roomy.inPlace).toBeGreaterThan(length / 3);
      },
    ),
    { numRuns: 100 },
  );
});

/** A receiver with a buffer of its own, which it empties whenever it is full. */
class Roomy extends Gathered {
  readonly #buffer: Buffer;
  #filled = 0;
  inPlace = 0;

  constructor(size: number, manner: Manner) {
    super(manner);
    this.#buffer = Buffer.alloc(size);
  }

  room(): Buffer {
    return this.#buffer.subarray(this.#filled);
  }

  override write(bytes: Buffer): void | Promise<void> {
    const isHere = bytes.buffer === this.#buffer.buffer;
    if (isHere) {
      expect(bytes.byteOffset).toBe(this.#buffer.byteOffset + this.#filled);
      this.inPlace += bytes.length;
    }
    expect(this.#filled + bytes.length <= this.#buffer.length || !isHere).toBe(true);
    this.#filled = (this.#filled + bytes.length) % this.#buffer.length;
    return super.write(bytes);
  }
}

test('any text at all gives the same result whole and cut, and what Node makes of it when it is accepted', async () => {
  const character = fc.oneof(
    { weight: 30, arbitrary: fc.constantFrom(...ALPHABET) },
    { weight: 1, arbitrary: fc.constantFrom(...Array.from('=-_@& \n;#x')) },
  );
  await fc.assert(
    fc.asyncProperty(
      fc.array(character, { maxLength: 120 }),
      anyCuts,
      fc.boolean(),
      async (characters, cuts, references) => {
        const text = characters.join('');
        const outcome = (cutPlaces: readonly number[]) =>
          decode(text, { references }, cutPlaces).then(
            (bytes) => bytes.toString('hex'),
            (error: unknown) => String(error),
          );
        const whole = await outcome([]);
        expect(await outcome(cuts)).toBe(whole);
        if (!/[^A-Za-z0-9+/=\s]|=+\s*[^=\s]/.test(text)) {
          expect(whole).toBe(Buffer.from(text, 'base64').toString('hex'));
        }
      },
    ),
    { numRuns: 500 },
  );
});
