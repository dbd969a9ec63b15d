import type { WireRequest } from './exchange.js';
import type { Reason } from './reasons.js';

/** An answer, recorded or expected. */
export interface Answer {
  readonly status: number;
  /** The whole header, with `…` for what is not pinned in it; undefined: there is none. */
  readonly contentType: string | undefined;
  /** What other header fields must hold, by their names in lower case; undefined: there must be no such field. */
  readonly headers?: Readonly<Record<string, string | undefined>>;
  /** The body, byte for byte, or what it must match. */
  readonly body: string | RegExp;
  /** The body in short, with the abbreviations that docs/COMPATIBILITY.md explains; words about it are in parentheses. */
  readonly brief: string;
}

/** What a row is driven against: the probe, or the server as it is. */
export type Service = 'probe' | 'srv';

/** One exchange: a form of request, and what becomes of it. */
export interface Row {
  /** What the row pins. Unique within its section. */
  readonly name: string;
  readonly request: WireRequest;
  /** What ASMX answers. Where nothing in {@link difference} says otherwise, it is what we answer, to the byte. */
  readonly asmx: Answer;
  /** Where we answer otherwise on purpose. */
  readonly difference?: Difference;
  /** Where not the section's. */
  readonly service?: Service;
}

export interface Difference {
  readonly ours: Answer;
  readonly because: Reason;
}

/** A form of request that cannot be sent to this service, because it has nothing that would answer it. */
export interface AbsentRow {
  readonly name: string;
  readonly asmx: Answer;
  readonly absent: string;
}

/** A part of the table. */
export interface Section {
  readonly title: string;
  /** What its rows have in common: Markdown, for people. */
  readonly introduction: string;
  readonly service: Service;
  readonly rows: readonly (Row | AbsentRow)[];
}

export function isDriven(row: Row | AbsentRow): row is Row {
  return 'request' in row;
}
