import type { Sessions } from '../accounts/sessions.js';
import { Failure, StorageFailure } from '../values/failure.js';

/**
 * Does something for a session that may end meanwhile. All that belongs to it goes then, and what is missing is missing for that reason: it
 * is the session that is told to be gone, as to a call that comes a moment later. Costs nothing but where something fails.
 */
export async function withinSession<T>(sessions: Sessions, ticket: string, work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (error) {
    if (error instanceof Failure && !(error instanceof StorageFailure)) await sessions.peek(ticket);
    throw error;
  }
}
