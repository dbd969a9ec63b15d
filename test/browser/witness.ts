import type { BrowserContext } from 'playwright-core';

/** The query of a page that is not there, which the browser's console is right to remark. */
export const MISSING_PAGE = '?op=Nothing';

/** Notes what must not happen in a browser while pages are looked at. */
export class Witness {
  readonly #origin: string;
  readonly #complaints: string[] = [];
  readonly #strangers: string[] = [];

  /** @param origin - The only one that may be asked for anything. */
  constructor(origin: string) {
    this.#origin = origin;
  }

  watch(context: BrowserContext): void {
    context.on('request', (request) => {
      if (new URL(request.url()).origin !== this.#origin) this.#strangers.push(request.url());
    });
    context.on('console', (message) => {
      const { url } = message.location();
      const isExpected = url.endsWith(MISSING_PAGE);
      if (isExpected || (message.type() !== 'error' && message.type() !== 'warning')) return;
      this.#complaints.push(`${message.type()} at ${url}: ${message.text()}`);
    });
    context.on('weberror', (error) => void this.#complaints.push(error.error().message));
    context.on('requestfailed', (request) => {
      /* A download is no page: the browser takes the answer away from the page that asked for it, and calls that a failure. */
      if (request.failure()?.errorText !== 'net::ERR_ABORTED') this.#complaints.push(`${request.url()} failed`);
    });
  }

  /** Errors and warnings of the console, errors of scripts, requests without an answer. */
  get complaints(): readonly string[] {
    return this.#complaints;
  }

  /** Requests that were for somebody else. */
  get strangers(): readonly string[] {
    return this.#strangers;
  }
}
