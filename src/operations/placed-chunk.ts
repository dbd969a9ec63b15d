import type { Placement } from '../contract/payload.js';
import type { ChunkReservation } from '../handlers/chunk-reservation.js';
import type { Guid } from '../values/guid.js';

/** The ticket and the handler of a call, as its caller writes them. */
export interface ChunkTexts {
  readonly authenticationTicket: string;
  readonly uploadHandler: string;
}

/** The handler that is meant by them. */
export interface ChunkTarget {
  readonly sessionId: number;
  readonly handlerId: Guid;
}

/**
 * The place of a chunk that is written as it arrives, and what it was found by. That may be less than the call says in the end: a cookie's ticket
 * stands in for one that is still to come, and GET and POST join what comes twice.
 */
export class PlacedChunk implements Placement {
  readonly reservation: ChunkReservation;
  readonly #texts: ChunkTexts;
  readonly #target: ChunkTarget;

  constructor(reservation: ChunkReservation, texts: ChunkTexts, target: ChunkTarget) {
    this.reservation = reservation;
    this.#texts = texts;
    this.#target = target;
  }

  write(bytes: Buffer): void | Promise<void> {
    return this.reservation.write(bytes);
  }

  release(): Promise<void> {
    return this.reservation.release();
  }

  isFoundBy({ authenticationTicket, uploadHandler }: ChunkTexts): boolean {
    return authenticationTicket === this.#texts.authenticationTicket && uploadHandler === this.#texts.uploadHandler;
  }

  isAt({ handlerId, sessionId }: ChunkTarget): boolean {
    return handlerId === this.#target.handlerId && sessionId === this.#target.sessionId;
  }
}
