import type { Logger } from './log.js';
import type { Rooms } from './rooms.js';

/** How often is looked for what has expired, ms. What has expired is not to be found in the meantime either. */
const INTERVAL_MS = 60_000;

/** Removes what has expired: handlers that lay idle, sessions that were not used. */
export class Sweeper {
  readonly #rooms: Pick<Rooms, 'uploads' | 'downloads' | 'sessions' | 'throttle'>;
  readonly #log: Logger;
  readonly #timer: NodeJS.Timeout;
  #sweep: Promise<void> = Promise.resolve();

  constructor(rooms: Pick<Rooms, 'uploads' | 'downloads' | 'sessions' | 'throttle'>, log: Logger) {
    this.#rooms = rooms;
    this.#log = log;
    this.#timer = setInterval(() => {
      this.#sweep = this.#sweep.then(() => this.#run());
    }, INTERVAL_MS);
  }

  /** Fulfilled when a sweep that is under way has ended. */
  async stop(): Promise<void> {
    clearInterval(this.#timer);
    await this.#sweep;
  }

  async #run(): Promise<void> {
    try {
      await this.#rooms.uploads.expire();
      await this.#rooms.downloads.expire();
      await this.#rooms.sessions.expireSessions();
      await this.#rooms.throttle.expire();
    } catch (error) {
      this.#log.error({ err: error }, 'what has expired could not be removed');
    }
  }
}
