import type { Guid } from '../values/guid.js';
import { Turns } from './turns.js';
import type { WaitingCaller } from './waiting-caller.js';

/** A chunk's turn at an upload handler. */
export interface HandlerTurn {
  /** Whether the handler was deleted, by this process, since the turn began. */
  readonly isHandlerGone: boolean;
  /** To be called exactly once. */
  end(): void;
}

interface CurrentTurn extends HandlerTurn {
  readonly caller: WaitingCaller;
  isHandlerGone: boolean;
}

/** Lets one chunk at a time at an upload handler, in the order they came, and tells the one whose turn it is when the handler is deleted. */
export class HandlerTurns {
  readonly #turns = new Turns();
  /** The turns of those whose turn it is. */
  readonly #current = new Map<Guid, CurrentTurn>();

  /**
   * Waits until all who came before have ended their turns. To be taken before the handler is looked for: whoever deletes it then finds the turn, or
   * the handler is not found in it. @throws as {@link Turns.take}
   */
  async take(id: Guid, caller: WaitingCaller = {}): Promise<HandlerTurn> {
    const endTurn = await this.#turns.take(id, caller);
    const end = (): void => {
      this.#current.delete(id);
      endTurn();
    };
    const turn = { end, caller, isHandlerGone: false };
    this.#current.set(id, turn);
    return turn;
  }

  /** Whether somebody has, or waits for, a turn. */
  isTaken(id: Guid): boolean {
    return this.#turns.isTaken(id);
  }

  /** Whether it is this caller's turn. */
  isOf(caller: WaitingCaller, id: Guid): boolean {
    return this.#current.get(id)?.caller === caller;
  }

  /** Handlers were deleted. */
  handlersGone(ids: readonly Guid[]): void {
    for (const id of ids) {
      const turn = this.#current.get(id);
      if (turn) turn.isHandlerGone = true;
    }
  }

  /** Waits until nobody has, or waits for, a turn. */
  async ended(): Promise<void> {
    await this.#turns.ended();
  }
}
