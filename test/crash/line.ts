import { type Answer, CallFailed } from '../../scripts/client/answer.js';
import type { Arguments, Binding, Service } from '../../scripts/client/service.js';
import { Violation } from './violation.js';
import type { Witness } from './witness.js';

/** How long a call may take, ms: after that it is taken for one that is never answered although the server runs. */
const PATIENCE_MS = 45_000;

/** The server was killed before the answer had come: the call is in doubt. */
export class NoAnswer extends Error {
  override readonly name = 'NoAnswer';
}

/** The way to a server that may be killed. */
export class Line {
  readonly #service: Service;
  readonly #witness: Witness;

  readonly #attempts: number;

  /**
   * @param attempts - How often a call is made that is not answered. More than once only where nothing is killed and calls change nothing:
   * a connection that was kept may be closed by the server in the moment it is used again.
   */
  constructor(service: Service, witness: Witness, attempts = 1) {
    this.#service = service;
    this.#witness = witness;
    this.#attempts = attempts;
  }

  /** @throws NoAnswer, and Violation when the answer is none of this service. */
  ask(operation: string, args: Arguments, binding: Binding = 'POST'): Promise<Answer> {
    return this.#watched(operation, () => this.#service.ask(binding, operation, args));
  }

  /** As {@link ask}, for a call that must succeed. @throws NoAnswer, Violation */
  async call(operation: string, args: Arguments, binding?: Binding): Promise<Answer> {
    const answer = await this.ask(operation, args, binding);
    if (answer.attributes['success'] === 'true') return answer;
    throw new Violation(`${operation} is refused: ${answer.tag} (${described(args)})`);
  }

  /** For an operation whose answer is bytes, or is read as text. @throws NoAnswer, Violation */
  fetch(operation: string, args: Readonly<Record<string, string | number>>): Promise<Buffer> {
    const fields = Object.entries(args).map(([name, value]): [string, string] => [name, String(value)]);
    return this.#watched(operation, async () => {
      const url = `${this.#service.url}/${operation}`;
      const response = await fetch(url, { method: 'POST', body: new URLSearchParams(fields) });
      const body = Buffer.from(await response.arrayBuffer());
      if (response.ok) return body;
      throw new CallFailed(operation, `HTTP ${response.status}: ${body.toString('utf8', 0, 500)}`);
    });
  }

  async #watched<T>(operation: string, call: () => Promise<T>): Promise<T> {
    for (let left = this.#attempts; left > 1; left--) {
      try {
        return await this.#watchedOnce(operation, call);
      } catch (error) {
        if (!(error instanceof NoAnswer)) throw error;
      }
    }
    return this.#watchedOnce(operation, call);
  }

  async #watchedOnce<T>(operation: string, call: () => Promise<T>): Promise<T> {
    let timer: NodeJS.Timeout | undefined;
    const tooLate = new Promise<never>((_, reject) => {
      timer = setTimeout(
        () => reject(new CallFailed(operation, 'There is no answer, and the connection is open.')),
        PATIENCE_MS,
      );
    });
    const begin = performance.now();
    this.#witness.tell('sent', operation);
    try {
      const answer = await Promise.race([call(), tooLate]);
      this.#witness.tell('answered', operation, performance.now() - begin);
      return answer;
    } catch (error) {
      if (error instanceof CallFailed) throw new Violation(error.message);
      this.#witness.tell('unanswered', operation);
      throw new NoAnswer(operation, { cause: error });
    } finally {
      clearTimeout(timer);
    }
  }
}

/** Without content, and without what nobody should read. */
function described(args: Arguments): string {
  return Object.entries(args)
    .filter(([name, value]) => !/ticket|pwd/i.test(name) && !Buffer.isBuffer(value))
    .map(([name, value]) => `${name}=${String(value)}`)
    .join(', ');
}
