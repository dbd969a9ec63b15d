import type { Crc32 } from '../values/crc32.js';

/** Something that takes the bytes of a payload as they come off the wire. */
export interface PayloadSink {
  /**
   * Takes the next bytes. The caller uses the buffer again as soon as this returns, or once the promise it returns is
   * fulfilled; the promise is the back-pressure.
   */
  write(bytes: Buffer): void | Promise<void>;
}

/** The place an operation gave to a payload before its bytes arrived. */
export interface Placement extends PayloadSink {
  /**
   * Gives the place up. Called by the binding once for every placement, after the call has ended, however it ended:
   * connection lost, message malformed, operation failed or succeeded. What the operation took over by then stays.
   */
  release(): void | Promise<void>;
}

/**
 * The value of a base64Binary parameter: bytes that were taken off the wire before the operation was called. They are
 * where {@link placement} says, or, when the place could not be known yet, wait to be copied.
 */
export interface Payload {
  /** Decoded length in bytes, all of it, also beyond a limit. */
  readonly length: number;
  /** CRC-32 of all the decoded bytes. */
  readonly crc32: Crc32;
  /** The place the operation gave when the content arrived; undefined when it was not asked, or gave none. */
  readonly placement: Placement | undefined;
  /** Writes the bytes of a payload without a placement to a sink, at most once. @throws Failure when more came than could wait; StorageFailure */
  copyTo(sink: PayloadSink): Promise<void>;
}
