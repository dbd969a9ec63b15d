import type { Attacker } from './attacker.js';

/** What an attack has to do with. */
export interface Premises {
  readonly attacker: Attacker;
  /** The ticket of a user who turned on the server. */
  readonly ticket: string;
  /** An upload handler in that session. */
  readonly handler: string;
  /** What the server takes, of memory and of the disk for content that waits, bytes. */
  readonly figures: () => Promise<{ memory: number; waiting: number }>;
}

/** An attack. Fulfilled when it is over; what it left is looked at then. @throws Error when the server did not do what it must. */
export interface Attack {
  readonly name: string;
  readonly run: (premises: Premises) => Promise<void>;
}

export function requireThat(isSo: boolean, what: string): void {
  if (!isSo) throw new Error(what);
}
