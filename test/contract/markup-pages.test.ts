import { MarkupPages, type Page } from '../../src/contract/markup-pages.js';
import { StorageFailure } from '../../src/values/failure.js';

/** Pages of three elements; each element has a text of another length. */
const COUNT = 20;
const TEXTS = Array.from({ length: COUNT }, (_, n) => 'é<'.repeat(n));
const WHOLE = TEXTS.map((text) => (text === '' ? '<a />' : `<a>${text.replaceAll('<', '&lt;')}</a>`)).join('');

const readPage = (start: number): Promise<Page<number>> =>
  Promise.resolve({
    elements: TEXTS.slice(start, start + 3).map((text) => ({ name: 'a', attributes: {}, children: [text] })),
    next: start + 3 <= COUNT ? start + 3 : undefined,
  });

const none = (): Promise<void> => Promise.resolve();

test.each([1, 7, 100, 4096])('What is read %i bytes at a time is the elements, one behind the other', async (size) => {
  const pages = await MarkupPages.measure(0, readPage, none);
  expect(pages.length).toBe(Buffer.byteLength(WHOLE));
  const pieces: Buffer[] = [];
  for (let position = 0; position < pages.length;) {
    const piece = Buffer.alloc(size);
    const read = await pages.read(piece, position);
    expect(read).toBe(Math.min(size, pages.length - position));
    pieces.push(piece.subarray(0, read));
    position += read;
  }
  expect(Buffer.concat(pieces).toString()).toBe(WHOLE);
});

test('It is read from anywhere', async () => {
  const pages = await MarkupPages.measure(0, readPage, none);
  const piece = Buffer.alloc(10);
  for (const position of [300, 12, 100]) {
    await pages.read(piece, position);
    expect(piece).toEqual(Buffer.from(WHOLE).subarray(position, position + 10));
  }
});

test('A page is read at a time, with a pause behind each', async () => {
  const steps: string[] = [];
  const pages = await MarkupPages.measure(
    0,
    (place) => {
      steps.push(`page ${place}`);
      return readPage(place);
    },
    () => {
      steps.push('pause');
      return Promise.resolve();
    },
  );
  expect(steps.slice(0, 4)).toEqual(['page 0', 'pause', 'page 3', 'pause']);
  steps.length = 0;
  await pages.read(Buffer.alloc(10), 0);
  await pages.read(Buffer.alloc(10), 10);
  expect(steps).toEqual(['page 0']);
});

test('Its memory is the longest page', async () => {
  /* The last whole one: a page starts at every third element, and each is longer than the one before. */
  const { memory } = await MarkupPages.measure(0, readPage, none);
  expect(memory).toBe([15, 16, 17].reduce((sum, n) => sum + '<a></a>'.length + n * Buffer.byteLength('é&lt;'), 0));
});

test('A page that is another than it was ends the reading', async () => {
  let text = 'once';
  const page = (): Promise<Page<number>> =>
    Promise.resolve({ elements: [{ name: 'a', attributes: {}, children: [text] }], next: undefined });
  const pages = await MarkupPages.measure(0, page, none);
  text = 'once more';
  await expect(pages.read(Buffer.alloc(4), 0)).rejects.toThrow(StorageFailure);
});
