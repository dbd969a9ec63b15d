import { UnreadableMessage } from './argument-receiver.js';

const SEMICOLON = 0x3b;
const HASH = 0x23;
const SMALL_X = 0x78;

/** The longest reference that is read, in characters between `&` and `;`. */
const MAX_LENGTH = 32;

const PREDEFINED_ENTITIES: Readonly<Record<string, string>> = { lt: '<', gt: '>', amp: '&', quot: '"', apos: "'" };

/** What a byte is worth as a hexadecimal digit, or 16, which is more than any. */
const DIGITS = new Uint8Array(256).fill(16);
for (const [value, digit] of Buffer.from('0123456789abcdef', 'latin1').entries()) DIGITS[digit] = value;
for (const [value, digit] of Buffer.from('ABCDEF', 'latin1').entries()) DIGITS[digit] = 10 + value;

/** What {@link CharacterReference.take} returns while the reference goes on. */
export const GOES_ON = -1;

/**
 * A reference in the text of an XML element (XML 1.0, 4.1), read byte by byte, so that it may be cut anywhere: one to
 * a character by its number, or to one of the five predefined entities. One after the other is read by the same
 * object: content may consist of references alone, so none of them may cost more than its few bytes.
 */
export class CharacterReference {
  /** What came after the `&`, and one more character than may come: it is shown to whoever sent it. */
  readonly #text = new Uint8Array(MAX_LENGTH + 1);
  #length = 0;
  #isOpen = false;

  /** There was an `&`, and its `;` has not come yet. */
  get isOpen(): boolean {
    return this.#isOpen;
  }

  /** There is an `&`. */
  open(): void {
    this.#isOpen = true;
    this.#length = 0;
  }

  /**
   * Takes the next byte of a reference that is open.
   *
   * @returns the code point it stands for when this was its end, else {@link GOES_ON}
   * @throws UnreadableMessage when it is too long, or an entity that is not defined
   */
  take(byte: number): number {
    if (byte === SEMICOLON) {
      this.#isOpen = false;
      return this.#resolve();
    }
    this.#text[this.#length++] = byte;
    if (this.#length > MAX_LENGTH) throw this.unterminated();
    return GOES_ON;
  }

  /** What is said of it when the text ends before it does. */
  unterminated(): UnreadableMessage {
    return new UnreadableMessage(`Invalid base64: the reference ${quote(`&${this.#name()}`)} does not end.`);
  }

  /** Behind its length there may be what is left of the reference before it. */
  #resolve(): number {
    if (this.#text[0] !== HASH) return this.#entity();
    return this.#text[1] === SMALL_X ? this.#number(2, 16) : this.#number(1, 10);
  }

  /** The number whose digits begin at `start`. */
  #number(start: number, radix: number): number {
    if (start >= this.#length) return this.#entity();
    let number = 0;
    for (let i = start; i < this.#length; i++) {
      const digit = DIGITS[this.#text[i] ?? 0] ?? radix;
      if (digit >= radix) return this.#entity();
      number = number * radix + digit;
    }
    return number;
  }

  #entity(): number {
    const name = this.#name();
    const character = Object.hasOwn(PREDEFINED_ENTITIES, name) ? PREDEFINED_ENTITIES[name] : undefined;
    if (character !== undefined) return character.charCodeAt(0);
    throw new UnreadableMessage(`Invalid base64: the entity ${quote(name)} is not defined.`);
  }

  #name(): string {
    return String.fromCharCode(...this.#text.subarray(0, this.#length));
  }
}

/** What the caller sent, in quotes, without what might not be printable. */
function quote(text: string): string {
  return `'${text.replace(/[^ -~]/g, '?')}'`;
}
