import type { ArgumentReceiver } from '../../../src/bindings/payload/argument-receiver.js';
import type { EnvelopeListener, Position } from '../../../src/bindings/soap/envelope-reader.js';
import type { SoapVersion } from '../../../src/bindings/soap/soap-version.js';
import { Heard, type Manner } from '../payload/receivers.js';

export const NAMESPACE = 'http://tempuri.org/';
export const MAX_TEXT_BYTES = 1024 * 1024;

/** Hears all that an envelope says: of itself, and of the arguments `text`, `number` and the content arguments `data` and `more`. */
export class HeardEnvelope implements EnvelopeListener {
  readonly arguments: Heard;
  readonly #said: string[] = [];

  constructor(manner: Manner = 'at once') {
    this.arguments = new Heard(['data', 'more'], manner);
  }

  /** What was said of the envelope, then the arguments in the order they came. */
  get said(): string[] {
    return [...this.#said, ...this.arguments.said];
  }

  envelope({ name }: SoapVersion): void {
    this.#said.push(`SOAP ${name}`);
  }

  body(namespace: string, name: string): ArgumentReceiver {
    this.#said.push(`{${namespace}}${name}`);
    return this.arguments;
  }

  isArgument(name: string): boolean {
    return ['text', 'number', 'data', 'more'].includes(name);
  }

  ended(name: string, { column, line }: Position): void {
    this.#said.push(`${name} ended at ${line}, ${column}`);
  }
}

/** Hears of parts of an MTOM message, too. */
export class HeardMtom extends HeardEnvelope {
  readonly included: string[] = [];

  include(name: string, href: string): void {
    this.included.push(`${name} is ${href}`);
  }
}
