import { StorageFailure } from '../values/failure.js';
import { writeFragment } from './element-writer.js';
import type { ContentSource, Element } from './result.js';

/** Some of a long run of elements. */
export interface Page<Place> {
  readonly elements: readonly Element[];
  /** Where the next page is; undefined behind the last. */
  readonly next: Place | undefined;
}

/** Reads the page at a place, when its turn has come: the same elements each time. */
export type ReadPage<Place> = (place: Place) => Promise<Page<Place>>;

interface MeasuredPage<Place> {
  readonly place: Place;
  /** Where it begins and ends, in bytes of the whole. */
  readonly start: number;
  readonly end: number;
}

/**
 * Elements that are too many to stand in memory all at once. They are read a page at a time, and twice: once to know how long their
 * markup is, which an answer says first, and once to send it.
 */
export class MarkupPages<Place> implements ContentSource {
  readonly isMarkup = true;
  readonly #pages: readonly MeasuredPage<Place>[];
  readonly #readPage: ReadPage<Place>;
  /** The page that was read last, and its number. */
  #number = -1;
  #bytes: Buffer = Buffer.alloc(0);

  private constructor(pages: readonly MeasuredPage<Place>[], readPage: ReadPage<Place>) {
    this.#pages = pages;
    this.#readPage = readPage;
  }

  static async measure<Place>(first: Place, readPage: ReadPage<Place>): Promise<MarkupPages<Place>> {
    const pages: MeasuredPage<Place>[] = [];
    for (let place: Place | undefined = first, start = 0; place !== undefined;) {
      const { elements, next }: Page<Place> = await readPage(place);
      const end: number = start + Buffer.byteLength(write(elements));
      pages.push({ place, start, end });
      start = end;
      place = next;
    }
    return new MarkupPages(pages, readPage);
  }

  get length(): number {
    return this.#pages.at(-1)?.end ?? 0;
  }

  /** The longest page. */
  get memory(): number {
    return this.#pages.reduce((longest, { start, end }) => Math.max(longest, end - start), 0);
  }

  /** Has the page read that a byte is on. @throws StorageFailure when it is not what it was, and what reading it throws. */
  async prepare(position: number): Promise<void> {
    await this.#enter(position);
  }

  async read(buffer: Buffer, position: number): Promise<number> {
    if (position === this.length) return 0;
    const start = await this.#enter(position);
    return this.#bytes.copy(buffer, 0, position - start);
  }

  close(): void {
    this.#bytes = Buffer.alloc(0);
    this.#number = -1;
  }

  /** Makes the page that a byte is on the one at hand; returns where it begins. */
  async #enter(position: number): Promise<number> {
    const isOn = (page: MeasuredPage<Place> | undefined): boolean =>
      page !== undefined && page.start <= position && position < page.end;
    const number =
      [this.#number, this.#number + 1].find((each) => isOn(this.#pages[each])) ?? this.#pages.findIndex(isOn);
    const page = this.#pages[number];
    if (!page) throw new RangeError(`There is no byte ${position}.`);
    if (number !== this.#number) {
      const bytes = Buffer.from(write((await this.#readPage(page.place)).elements));
      if (bytes.length !== page.end - page.start)
        throw new StorageFailure('The records have changed while they were read.');
      this.#bytes = bytes;
      this.#number = number;
    }
    return page.start;
  }
}

function write(elements: readonly Element[]): string {
  return elements.map(writeFragment).join('');
}
