import type { Caller } from './caller.js';

/** What somebody may do in a library. Write includes read. */
export type Access = 'none' | 'read' | 'write';

/** What is recorded about a library and a user. */
export interface AccessRecord {
  /** What every user may do who has no right of their own. */
  readonly everyone: Access;
  /** The user's own right; null when they have none. It counts instead of everyone's, even when it is less. */
  readonly own: 'read' | 'write' | null;
}

export function accessOf(caller: Caller, record: AccessRecord): Access {
  if (caller.isAdministrator) return 'write';
  return record.own ?? record.everyone;
}
