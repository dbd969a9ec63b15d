import { escapeAttribute } from '../../contract/element-writer.js';
import type { PublicAddress } from './public-address.js';

/* Stand in a template where the address goes. They are private-use characters, which nothing else here writes. */
export const URL_MARK = '\ue000';
export const HOST_MARK = '\ue001';
export const PATH_MARK = '\ue002';

const MARKS = /[\ue000-\ue002]/g;

/** A document that is made once, when the server starts, but for the address of the request that asks for it. */
export class AddressTemplate {
  readonly #text: string;

  /** @param text - XML or HTML with marks where the address goes. */
  constructor(text: string) {
    this.#text = text;
  }

  /** The document for callers at this address. */
  fill(address: PublicAddress): string {
    const values = new Map([
      [URL_MARK, escapeAttribute(address.url)],
      [HOST_MARK, escapeAttribute(address.host)],
      [PATH_MARK, escapeAttribute(address.path)],
    ]);
    return this.#text.replace(MARKS, (mark) => values.get(mark) ?? '');
  }
}
