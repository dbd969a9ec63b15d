import { Failure } from '../values/failure.js';

/** Zips that are written at once by this process: each reads, deflates and writes as fast as the machine can. */
const PLACES = 4;

/** Of them for one user, so that nobody has to wait for all the zips of another. */
const PLACES_A_USER = 2;

/** How many zips of a user may wait. */
const MOST_WAITING_A_USER = 8;

/** Gives a place back. To be called exactly once. */
export type LeavePlace = () => void;

interface Waiting {
  readonly userId: number;
  readonly enter: () => void;
}

/** Lets only so many zips be written at once, of all and of each user; the others wait in the order they came. */
export class ZipPlaces {
  readonly #taken = new Map<number, number>();
  #free = PLACES;
  #waiting: Waiting[] = [];

  /** Waits for a place. @throws the reason of `gone`, when that is aborted instead; Failure when many zips of the user wait already. */
  async take(userId: number, gone?: AbortSignal): Promise<LeavePlace> {
    if (!this.#isFreeFor(userId)) await this.#wait(userId, gone);
    else this.#enter(userId);
    return () => this.#leave(userId);
  }

  #wait(userId: number, gone: AbortSignal | undefined): Promise<void> {
    if (gone?.aborted) return Promise.reject(gone.reason as Error);
    if (this.#waiting.filter((other) => other.userId === userId).length >= MOST_WAITING_A_USER) {
      return Promise.reject(new Failure('Too many of your zips are waiting to be made. Try again in a moment.'));
    }
    return new Promise((resolve, reject) => {
      const left = (): void => {
        this.#waiting = this.#waiting.filter((other) => other !== waiting);
        reject(gone?.reason as Error);
      };
      const waiting: Waiting = {
        userId,
        enter: () => {
          gone?.removeEventListener('abort', left);
          this.#enter(userId);
          resolve();
        },
      };
      gone?.addEventListener('abort', left, { once: true });
      this.#waiting.push(waiting);
    });
  }

  #enter(userId: number): void {
    this.#free--;
    this.#taken.set(userId, this.#takenBy(userId) + 1);
  }

  #leave(userId: number): void {
    this.#free++;
    const left = this.#takenBy(userId) - 1;
    if (left > 0) this.#taken.set(userId, left);
    else this.#taken.delete(userId);
    const next = this.#waiting.findIndex((waiting) => this.#isFreeFor(waiting.userId));
    if (next !== -1) this.#waiting.splice(next, 1)[0]?.enter();
  }

  #isFreeFor(userId: number): boolean {
    return this.#free > 0 && this.#takenBy(userId) < PLACES_A_USER;
  }

  #takenBy(userId: number): number {
    return this.#taken.get(userId) ?? 0;
  }
}
