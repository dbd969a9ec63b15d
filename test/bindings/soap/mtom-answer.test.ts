import type { ContentReceiver } from '../../../src/bindings/payload/argument-receiver.js';
import { MultipartReader } from '../../../src/bindings/payload/multipart-reader.js';
import { parseContentType } from '../../../src/bindings/content-type.js';
import { packAsMtom } from '../../../src/bindings/soap/mtom-answer.js';
import { SOAP_11, SOAP_12 } from '../../../src/bindings/soap/soap-version.js';
import { CONTENT_MARK } from '../../../src/contract/element-writer.js';
import type { ContentSource } from '../../../src/contract/result.js';

const content: ContentSource = { length: 3, read: () => Promise.resolve(0), close: () => undefined };

/** The parts of a packed answer: headers, and what is in them. */
function unpack({
  contentType,
  text,
}: {
  contentType: string;
  text: string;
}): { headers: Map<string, string>; body: string }[] {
  const parts: { headers: Map<string, string>; body: string }[] = [];
  const begin = (headers: ReadonlyMap<string, string>): ContentReceiver => {
    const part = { headers: new Map(headers), body: '' };
    parts.push(part);
    return { write: (bytes) => void (part.body += bytes.toString()), end: () => undefined };
  };
  const reader = new MultipartReader(parseContentType(contentType).parameters.get('boundary'), { begin });
  void reader.write(Buffer.from(text));
  reader.end();
  return parts;
}

describe.each([
  [SOAP_11, 'text/xml'],
  [SOAP_12, 'application/soap+xml'],
])('An answer in SOAP $name', (version, innerType) => {
  const plain = { status: 200, contentType: version.contentType, text: `<a>${CONTENT_MARK}</a>`, content };

  test('says what it is, as XOP asks', () => {
    const { contentType, status } = packAsMtom(plain, version);
    const { parameters, type } = parseContentType(contentType);
    expect([status, type]).toEqual([200, 'multipart/related']);
    expect(Object.fromEntries(parameters)).toMatchObject({
      type: 'application/xop+xml',
      start: '<root@lighterage>',
      'start-info': innerType,
    });
  });

  test('keeps markup in the envelope', () => {
    const answer = packAsMtom({ ...plain, content: { ...content, isMarkup: true } }, version);
    expect(unpack(answer).map(({ body }) => body)).toEqual([plain.text]);
    expect(answer.content).toMatchObject({ isMarkup: true });
  });

  test('has its content in a part of its own, as it is, and the envelope names it', () => {
    const answer = packAsMtom(plain, version);
    const [root, part, ...more] = unpack(answer);
    expect(answer).toMatchObject({ content, encoding: 'raw' });
    expect(root?.headers.get('content-type')).toBe(`application/xop+xml; charset=UTF-8; type="${innerType}"`);
    expect(root?.headers.get('content-id')).toBe('<root@lighterage>');
    expect(root?.body).toBe(
      '<a><xop:Include xmlns:xop="http://www.w3.org/2004/08/xop/include" href="cid:content@lighterage" /></a>',
    );
    expect(part?.headers.get('content-id')).toBe('<content@lighterage>');
    expect(part?.headers.get('content-transfer-encoding')).toBe('binary');
    expect(part?.body).toBe(CONTENT_MARK);
    expect(more).toEqual([]);
  });

  test('without content has one part', () => {
    const parts = unpack(packAsMtom({ ...plain, text: '<a />', content: undefined }, version));
    expect(parts.map(({ body }) => body)).toEqual(['<a />']);
  });

  test('keeps its status', () => {
    expect(packAsMtom({ ...plain, status: 500, text: '<a />', content: undefined }, version).status).toBe(500);
  });

  test('has a boundary of its own', () => {
    const boundaries = Array.from({ length: 10 }, () => packAsMtom(plain, version).contentType);
    expect(new Set(boundaries).size).toBe(10);
  });
});
