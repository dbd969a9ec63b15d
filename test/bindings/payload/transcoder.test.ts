import fc from 'fast-check';
import { UnreadableMessage } from '../../../src/bindings/payload/argument-receiver.js';
import { Transcoder } from '../../../src/bindings/payload/transcoder.js';
import { TranscodingReader } from '../../../src/bindings/payload/transcoding-reader.js';
import { anyCuts, anyManner, cutAt, feed, Gathered } from './receivers.js';

const latin1 = (text: string): Buffer => Buffer.from(text, 'latin1');
const utf16le = (text: string): Buffer => Buffer.from(text, 'utf16le');
const utf16be = (text: string): Buffer => utf16le(text).swap16();

const MARK = '\ufeff';
const declared = (encoding: string): string => `<?xml version="1.0" encoding="${encoding}"?>`;

function transcode(message: Buffer, charset: string | undefined, cuts: readonly number[] = []): string {
  const transcoder = new Transcoder(charset);
  const pieces = cutAt(message, cuts).map((piece) => {
    const own = Buffer.from(piece);
    const clear = Buffer.from(transcoder.write(own));
    own.fill('!');
    return clear;
  });
  return Buffer.concat([...pieces, transcoder.end()]).toString();
}

interface Row {
  readonly what: string;
  readonly message: Buffer;
  readonly charset?: string;
  readonly text: string;
}

const rows: readonly Row[] = [
  { what: 'nothing', message: latin1(''), text: '' },
  { what: 'a single character', message: latin1('<'), text: '<' },
  { what: 'UTF-8 without anything that says so', message: Buffer.from('<é/>'), text: '<é/>' },
  { what: 'charset=utf-8', message: Buffer.from('<é/>'), charset: 'utf-8', text: '<é/>' },
  { what: 'an empty charset', message: Buffer.from('<é/>'), charset: ' ', text: '<é/>' },
  { what: 'a UTF-8 mark', message: Buffer.from(`${MARK}<é/>`), text: '<é/>' },
  {
    what: 'a UTF-8 mark and another charset',
    message: Buffer.from(`${MARK}<é/>`),
    charset: 'iso-8859-1',
    text: '<é/>',
  },
  { what: 'only a mark', message: Buffer.from(MARK), text: '' },
  { what: 'the beginning of a mark', message: Buffer.from([0xef, 0xbb]), charset: 'iso-8859-1', text: 'ï»' },
  { what: 'a second mark', message: Buffer.from(`${MARK}${MARK}a`), text: `${MARK}a` },
  { what: 'UTF-16LE, mark, charset=utf-16', message: utf16le(`${MARK}<é/>`), charset: 'utf-16', text: '<é/>' },
  { what: 'UTF-16LE, mark, charset=utf-8', message: utf16le(`${MARK}<é/>`), charset: 'utf-8', text: '<é/>' },
  { what: 'UTF-16BE, mark, no charset', message: utf16be(`${MARK}<é/>`), text: '<é/>' },
  { what: 'UTF-16BE, mark, charset=utf-16', message: utf16be(`${MARK}<é/>`), charset: 'utf-16', text: '<é/>' },
  { what: 'UTF-16LE without a mark, charset=utf-16', message: utf16le('<é/>'), charset: 'utf-16', text: '<é/>' },
  { what: 'UTF-16BE without a mark, charset=UTF-16', message: utf16be('<é/>'), charset: 'UTF-16', text: '<é/>' },
  { what: 'UTF-16LE without a mark, named', message: utf16le('é'), charset: 'utf-16le', text: 'é' },
  { what: 'UTF-16BE without a mark, named', message: utf16be('é'), charset: 'utf-16be', text: 'é' },
  { what: 'UTF-16LE without anything that says so', message: utf16le('<é/>'), text: '<é/>' },
  { what: 'UTF-16BE without anything that says so', message: utf16be('<é/>'), text: '<é/>' },
  { what: 'half a UTF-16 character', message: utf16le('<a').subarray(0, 3), text: '<\ufffd' },
  { what: 'charset=iso-8859-1', message: latin1('<é\x80/>'), charset: 'ISO-8859-1', text: '<é\x80/>' },
  {
    what: 'charset=iso-8859-1, declared as utf-8',
    message: latin1(`${declared('utf-8')}é`),
    charset: 'iso-8859-1',
    text: `${declared('utf-8')}é`,
  },
  {
    what: 'charset=utf-8, declared as iso-8859-1',
    message: Buffer.from(`${declared('iso-8859-1')}é`),
    charset: 'utf-8',
    text: `${declared('iso-8859-1')}é`,
  },
  { what: 'declared as iso-8859-1', message: latin1(`${declared('iso-8859-1')}é`), text: `${declared('iso-8859-1')}é` },
  {
    what: 'declared in single quotes',
    message: latin1("<?xml version='1.0' encoding='latin1' standalone='yes'?>é"),
    text: "<?xml version='1.0' encoding='latin1' standalone='yes'?>é",
  },
  {
    what: 'a UTF-8 mark, declared as iso-8859-1',
    message: Buffer.from(`${MARK}${declared('iso-8859-1')}é`),
    text: `${declared('iso-8859-1')}é`,
  },
  {
    what: 'declared as windows-1252',
    message: latin1(`${declared('Windows-1252')}\x80`),
    text: `${declared('Windows-1252')}€`,
  },
  {
    what: 'declared as utf-16 but is not',
    message: Buffer.from(`${declared('utf-16')}é`),
    text: `${declared('utf-16')}é`,
  },
  { what: 'declared as what nobody knows', message: latin1(`${declared('x-nope')}é`), text: `${declared('x-nope')}?` },
  {
    what: 'declared without an encoding',
    message: Buffer.from('<?xml version="1.0"?>é'),
    text: '<?xml version="1.0"?>é',
  },
  {
    what: 'an encoding behind the declaration',
    message: Buffer.from('<?xml version="1.0"?><a encoding="latin1">é</a>'),
    text: '<?xml version="1.0"?><a encoding="latin1">é</a>',
  },
  {
    what: 'a declaration that does not end',
    message: Buffer.from(`<?xml ${' '.repeat(3000)}é`),
    text: `<?xml ${' '.repeat(3000)}é`,
  },
  { what: 'a declaration that is cut off', message: Buffer.from('<?xml versio'), text: '<?xml versio' },
  { what: 'charset=windows-1252', message: latin1('\x80\x93é'), charset: 'windows-1252', text: '€“é' },
  { what: 'charset=iso-8859-15', message: latin1('\xa4é'), charset: 'iso-8859-15', text: '€é' },
  { what: 'charset=shift_jis', message: Buffer.from([0x93, 0xfa, 0x96, 0x7b]), charset: 'shift_jis', text: '日本' },
  { what: 'charset=us-ascii', message: latin1('aé'), charset: 'us-ascii', text: 'a?' },
  { what: 'a charset nobody knows', message: Buffer.from('aé'), charset: 'nope', text: 'a??' },
  { what: 'charset=utf-8, bytes that are not', message: latin1('aéb'), charset: 'utf-8', text: 'a\ufffdb' },
];

test.each(rows)('$what', ({ message, charset, text }) => {
  expect(transcode(message, charset)).toBe(text);
});

test.each(rows)('$what, cut at every byte', ({ message, charset, text }) => {
  expect(
    transcode(
      message,
      charset,
      Array.from(message, (_, n) => n / message.length),
    ),
  ).toBe(text);
});

test('UTF-8 is handed on without being copied', () => {
  const transcoder = new Transcoder(undefined);
  const first = Buffer.from(`${MARK}<a>`);
  const second = Buffer.from('é</a>');
  expect(transcoder.write(first).buffer).toBe(first.buffer);
  expect(transcoder.write(second)).toBe(second);
});

test('a declaration that does not end is not waited for longer than a kilobyte', () => {
  const transcoder = new Transcoder(undefined);
  expect(transcoder.write(latin1('<?xml '))).toHaveLength(0);
  expect(transcoder.write(latin1(' '.repeat(1024)))).toHaveLength(1030);
});

test('what is plain ASCII in a single-byte encoding is handed on without being copied', () => {
  for (const charset of ['iso-8859-1', 'windows-1252', 'us-ascii', 'koi8-r']) {
    const transcoder = new Transcoder(charset);
    transcoder.write(latin1('<a>'));
    const base64 = latin1('YWJj');
    expect(transcoder.write(base64)).toBe(base64);
  }
});

test('any text in any encoding, cut anywhere, comes out as UTF-8', () => {
  const encodings = fc.constantFrom(
    { charset: 'utf-8', encode: (text: string) => Buffer.from(text) },
    { charset: 'utf-16', encode: (text: string) => utf16le(`${MARK}${text}`) },
    { charset: 'utf-16be', encode: utf16be },
    { charset: 'iso-8859-1', encode: latin1 },
  );
  const character = fc.oneof(fc.constantFrom('<', '?', 'x', 'é', 'ÿ'), fc.constantFrom('€', '😀', '日'));
  fc.assert(
    fc.property(encodings, fc.array(character, { maxLength: 30 }), anyCuts, ({ charset, encode }, characters, cuts) => {
      const text = characters.join('');
      const expected = charset === 'iso-8859-1' ? latin1(text).toString('latin1') : text;
      expect(transcode(encode(text), charset, cuts)).toBe(expected);
    }),
    { numRuns: 500 },
  );
});

describe('TranscodingReader', () => {
  test('feeds a reader with UTF-8 and ends it, whatever way it answers', async () => {
    await fc.assert(
      fc.asyncProperty(fc.string({ unit: 'grapheme' }), anyCuts, anyManner, async (text, cuts, manner) => {
        const reader = new Gathered(manner);
        await feed(new TranscodingReader('utf-16', reader), cutAt(utf16le(`${MARK}${text}`), cuts));
        expect(reader.bytes.toString()).toBe(text);
        expect(reader.ended).toBe(true);
      }),
    );
  });

  test('asks for no promise where the reader does not', () => {
    const reader = new TranscodingReader(undefined, new Gathered());
    expect(reader.write(Buffer.from('<a/>'))).toBeUndefined();
    expect(reader.end()).toBeUndefined();
  });

  test('lets through what the reader finds wrong', () => {
    const failing = {
      write: () => {
        throw new UnreadableMessage('not XML');
      },
      end: () => undefined,
    };
    expect(() => new TranscodingReader(undefined, failing).write(Buffer.from('<a/>'))).toThrow('not XML');
  });
});
