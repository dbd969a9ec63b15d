import type { Readable } from 'node:stream';
import { type MessageReader, UnreadableMessage } from './argument-receiver.js';

/** The caller went away, or sent nothing for too long, before the message was complete. */
export class MessageInterrupted extends Error {
  override readonly name = 'MessageInterrupted';
  readonly isTimeout: boolean;

  constructor(isTimeout: boolean) {
    super(
      isTimeout ? 'The message did not arrive in time.' : 'The connection was closed before the message was complete.',
    );
    this.isTimeout = isTimeout;
  }
}

/**
 * Feeds a message to its reader as it arrives, and stops reading the socket while the reader is busy. Fulfilled when the
 * message has been read to its end; rejected with what the reader found wrong (the rest of the message is then still to be
 * read), or with MessageInterrupted.
 *
 * @param idleLimit - How long to wait for the next bytes, ms. The time in which the reader is busy does not count.
 */
export function pumpMessage(source: Readable, reader: MessageReader, idleLimit: number): Promise<void> {
  return new Promise((resolve, reject) => {
    let isFinished = false;
    let isBusy = false;
    let hasEnded = false;
    const timer = setTimeout(() => {
      if (!isBusy) finish(new MessageInterrupted(true));
    }, idleLimit);

    const finish = (error?: unknown): void => {
      if (isFinished) return;
      isFinished = true;
      clearTimeout(timer);
      source.off('data', take).off('end', end).off('error', failed).off('close', interrupted);
      /* Whoever reads the rest listens again; until then a late error must not end the process. */
      source.on('error', () => undefined);
      source.pause();
      if (error === undefined) resolve();
      // eslint-disable-next-line @typescript-eslint/prefer-promise-reject-errors -- passed on as it is, whatever it is
      else reject(error);
    };
    const take = (bytes: Buffer): void => {
      try {
        const wait = reader.write(bytes);
        if (wait) waitFor(wait);
        else timer.refresh();
      } catch (error) {
        finish(error);
      }
    };
    const waitFor = (wait: Promise<void>): void => {
      isBusy = true;
      source.pause();
      wait.then(() => {
        if (isFinished) return;
        isBusy = false;
        if (hasEnded) {
          end();
          return;
        }
        timer.refresh();
        source.resume();
      }, finish);
    };
    /* A source tells its end though it is paused, when nothing is left in it. */
    const end = (): void => {
      hasEnded = true;
      if (isBusy) return;
      isBusy = true;
      Promise.resolve()
        .then(() => reader.end())
        .then(() => finish(), finish);
    };
    const interrupted = (): void => {
      if (!source.readableEnded) finish(new MessageInterrupted(false));
    };
    const failed = (error: Error): void => {
      finish(
        isCodingError(error)
          ? new UnreadableMessage(`The body cannot be decompressed: ${error.message}.`)
          : new MessageInterrupted(false),
      );
    };

    source.on('data', take).on('end', end).on('error', failed).on('close', interrupted);
    /* Read once, a source hands on what comes next at once. It would else put by what came with the head, and stop the socket for it. */
    source.read(0);
  });
}

/** What zlib says of bytes that are not what their Content-Encoding says. */
function isCodingError(error: Error): boolean {
  return 'code' in error && String(error.code).startsWith('Z_');
}
