/**
 * What the readers of the message formats (envelope, urlencoded, multipart) report to while a message arrives. They
 * read names and values off the wire; which parameter a name means, what its text is worth and where content goes is
 * the receiver's to say.
 */
export interface ArgumentReceiver {
  /** Whether the value of the argument with this name is content: to be handed on as it arrives, not gathered. */
  isContent(name: string): boolean;
  /**
   * An argument that is text, whole, unescaped. In GET and urlencoded messages also the value of a content argument that
   * is one to three decimal digits and nothing else: it may be base64, or the one byte that older proxies send per value
   * (`data=97&data=98`, WIRE: byte[]). Which of the two the receiver can tell from the others of that name.
   */
  text(name: string, value: string): void;
  /** The value of a content argument begins. The reader writes nothing before the promise is fulfilled. */
  content(name: string): Promise<ContentReceiver>;
}

/** Takes the decoded bytes of one content argument. */
export interface ContentReceiver {
  /** Takes the next bytes; the buffer is the caller's again when this returns or its promise is fulfilled. */
  write(bytes: Buffer): void | Promise<void>;
  /**
   * Room for the next bytes, for whoever makes them: what is put at its beginning and then given to {@link write} need not be
   * copied. It is good until the caller returns to the event loop. Without it, bytes may lie anywhere.
   */
  room?(): Buffer | undefined;
  /** There are no more. */
  end(): void | Promise<void>;
}

/** A reader of a message format: fed with the bytes of the message as they arrive, cut anywhere. */
export interface MessageReader {
  /**
   * Takes the next bytes of the message. A promise is back-pressure: nothing more may be written, nor {@link end} be
   * called, before it is fulfilled. The buffer may be used again by then. Throws (or rejects with) what is wrong with the message.
   */
  write(bytes: Buffer): void | Promise<void>;
  /** The message has ended. Throws (or rejects) when it ended too early. */
  end(): void | Promise<void>;
}

/** A message that cannot be read: the text says what is wrong, for the person who made the message. */
export class UnreadableMessage extends Error {
  override readonly name = 'UnreadableMessage';
}

/** A message that is longer than it may be (HTTP 413). */
export class MessageTooLarge extends Error {
  override readonly name = 'MessageTooLarge';
}
