/** A fenced block of a Markdown page. */
export interface Block {
  /** What stands behind the opening fence: the language, or nothing. */
  readonly language: string;
  readonly text: string;
  /** The line the text begins in, from 1. */
  readonly line: number;
}

const FENCED = /^```(\w*)\n(.*?)^```$/gms;

/** The fenced blocks of a page, in their order. */
export function blocksOf(page: string): Block[] {
  return [...page.matchAll(FENCED)].map(({ 1: language = '', 2: text = '', index }) => ({
    language,
    text,
    line: page.slice(0, index).split('\n').length + 1,
  }));
}
