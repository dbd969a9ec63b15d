/** What there is to say about a call once it is over: one line of the log. */
export interface CallRecord {
  /** The operation's name; undefined when the message did not say, or named none there is. */
  readonly operation: string | undefined;
  readonly binding: 'SOAP 1.1' | 'SOAP 1.2' | 'SOAP' | 'GET' | 'POST';
  readonly user: string | undefined;
  readonly address: string;
  /** HTTP status of the answer. */
  readonly status: number;
  /** `ok`, or why not, in words of the server's own. Never what the caller wrote: that may be a password, in the wrong place. */
  readonly outcome: string;
  /** Decoded bytes of content that came, and that were sent. */
  readonly bytesIn: number;
  readonly bytesOut: number;
  /** From the first byte of the request to the last of the answer, ms. */
  readonly duration: number;
}

/** Writes the record of a call. */
export type LogCall = (record: CallRecord) => void;

/** Whether the server is to blame, and not the caller: then the outcome is what callers are told, `SystemError` (CONTRACT). */
export function isServersFault({ outcome }: CallRecord): boolean {
  return outcome.startsWith('SystemError');
}
