import { MarkupPages, type Page } from '../../src/contract/markup-pages.js';
import { StorageFailure } from '../../src/values/failure.js';

/** Pages of three elements; each element has a text of another length. */
const COUNT = 20;
const TEXTS = Array.from({ length: COUNT }, (_, n) => 'é<'.repeat(n));
const write = (text = ''): string => (text === '' ? '<a />' : `<a>${text.replaceAll('<', '&lt;')}</a>`);
const WHOLE = TEXTS.map(write).join('');

const readPage = (start: number): Promise<Page<number>> =>
  Promise.resolve({
    elements: TEXTS.slice(start, start + 3).map((text) => ({ name: 'a', attributes: {}, children: [text] })),
    next: start + 3 <= COUNT ? start + 3 : undefined,
  });

test.each([1, 7, 100, 4096])('What is read %i bytes at a time is the elements, one behind the other', async (size) => {
  const pages = await MarkupPages.measure(0, readPage);
  expect(pages.length).toBe(Buffer.byteLength(WHOLE));
  const pieces: Buffer[] = [];
  for (let position = 0; position < pages.length;) {
    const piece = Buffer.alloc(size);
    const read = await pages.read(piece, position);
    expect(read).toBeGreaterThan(0);
    pieces.push(piece.subarray(0, read));
    position += read;
  }
  expect(Buffer.concat(pieces).toString()).toBe(WHOLE);
});

test('It is read from anywhere', async () => {
  const pages = await MarkupPages.measure(0, readPage);
  const piece = Buffer.alloc(10);
  for (const position of [300, 12, 100]) {
    await pages.read(piece, position);
    expect(piece).toEqual(Buffer.from(WHOLE).subarray(position, position + 10));
  }
});

test('A page is read once for what is read of it, and before it is read when it is asked for', async () => {
  const read: number[] = [];
  const pages = await MarkupPages.measure(0, (place) => {
    read.push(place);
    return readPage(place);
  });
  expect(read).toEqual([0, 3, 6, 9, 12, 15, 18]);
  read.length = 0;
  await pages.prepare(0);
  expect(read).toEqual([0]);
  const first = await pages.read(Buffer.alloc(10), 0);
  await pages.read(Buffer.alloc(10), first);
  expect(read).toEqual([0]);
});

test('No more than a page is read at a time: the next one may have to wait', async () => {
  const pages = await MarkupPages.measure(0, readPage);
  const first = WHOLE.indexOf(write(TEXTS[3]));
  expect(await pages.read(Buffer.alloc(4096), 0)).toBe(Buffer.byteLength(WHOLE.slice(0, first)));
  expect(await pages.read(Buffer.alloc(4096), pages.length)).toBe(0);
});

test('Its memory is the longest page', async () => {
  /* The last whole one: a page starts at every third element, and each is longer than the one before. */
  const { memory } = await MarkupPages.measure(0, readPage);
  expect(memory).toBe([15, 16, 17].reduce((sum, n) => sum + '<a></a>'.length + n * Buffer.byteLength('é&lt;'), 0));
});

test('A page that is another than it was ends the reading', async () => {
  let text = 'once';
  const page = (): Promise<Page<number>> =>
    Promise.resolve({ elements: [{ name: 'a', attributes: {}, children: [text] }], next: undefined });
  const pages = await MarkupPages.measure(0, page);
  text = 'once more';
  await expect(pages.read(Buffer.alloc(4), 0)).rejects.toThrow(StorageFailure);
});
