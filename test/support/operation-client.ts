import type { Payload } from '../../src/contract/payload.js';
import type { NamedArguments } from '../../src/contract/arguments.js';
import type { Element } from '../../src/contract/result.js';
import type { OperationName } from '../../src/contract/operations.generated.js';
import type { Call, ErasedOperation, Operations } from '../../src/operations/operation.js';
import { crc32 } from '../../src/values/crc32.js';
import { Failure } from '../../src/values/failure.js';

export type Attributes = Readonly<Record<string, string>>;

type Answered = Pick<Element, 'attributes' | 'children'>;

/** Content is sent on in pieces of this many bytes, as a binding does with larger ones. */
const PIECE = 2000;

/** The names of the parameters that take content. */
const CONTENTS = ['fileChunk', 'fileContent'];

/** Calls operations as a binding does, but without a wire: content is placed first, and the place is given up at last. */
export class OperationClient {
  readonly #operations: Operations;
  readonly #ticket: string;

  constructor(operations: Operations, ticket: string) {
    this.#operations = operations;
    this.#ticket = ticket;
  }

  /** The attributes of the answer. */
  async call(name: OperationName, args: Readonly<Record<string, unknown>> = {}): Promise<Attributes> {
    return (await this.#call(name, args)).attributes;
  }

  /** The content in the answer. */
  async fetch(name: OperationName, args: Readonly<Record<string, unknown>>): Promise<Buffer> {
    const { children = [] } = await this.#call(name, args);
    const pieces = children.map(async (content) => {
      if (typeof content === 'string' || !('read' in content)) throw new Error('There is no content in the answer.');
      const bytes = Buffer.alloc(content.length);
      await content.read(bytes, 0);
      await content.close();
      return bytes;
    });
    return Buffer.concat(await Promise.all(pieces));
  }

  async #call(name: OperationName, args: Readonly<Record<string, unknown>>): Promise<Answered> {
    /* As in OperationRunner: the contract stands for the types. */
    const operation = this.#operations[name] as unknown as ErasedOperation;
    const given = { authenticationTicket: this.#ticket, AuthenticationTicket: this.#ticket, ...args };
    const call: Call = { address: '192.0.2.1' };
    const releases: (() => void | Promise<void>)[] = [];
    try {
      const content = CONTENTS.map((each) => args[each]).find((value) => Buffer.isBuffer(value));
      const payload = content && (await place(operation, given, content, call, releases));
      const taken = payload ? { fileChunk: payload, fileContent: payload } : {};
      const result = await operation.run({ ...given, ...taken }, call);
      if (result.kind === 'bytes') throw new Error(`${name} answers with bytes alone.`);
      return result.element;
    } catch (error) {
      if (error instanceof Failure) return { attributes: { success: 'false', error: error.message } };
      throw error;
    } finally {
      for (const release of releases) await release();
    }
  }

  /** As {@link call}. @throws when the answer says that it was not carried out. */
  async succeed(name: OperationName, args: Readonly<Record<string, unknown>> = {}): Promise<Attributes> {
    const attributes = await this.call(name, args);
    if (attributes['success'] === 'true') return attributes;
    throw new Error(`${name} was refused: ${attributes['error'] ?? ''}`);
  }
}

async function place(
  operation: ErasedOperation,
  args: Readonly<Record<string, unknown>>,
  content: Buffer,
  call: Call,
  releases: (() => void | Promise<void>)[],
): Promise<Payload> {
  const placement = await operation.content?.place(args as Partial<NamedArguments>, call);
  if (!placement) throw new Error('The operation did not say where the content goes.');
  releases.push(() => placement.release());
  for (let start = 0; start < content.length; start += PIECE) {
    await placement.write(content.subarray(start, start + PIECE));
  }
  return {
    length: content.length,
    crc32: crc32(content),
    placement,
    copyTo: () => Promise.reject(new Error('The content has a place.')),
  };
}
