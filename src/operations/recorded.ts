import type { AuditedEvent, AuditTrail } from '../storage/audit-trail.js';
import { Failure } from '../values/failure.js';
import type { Call } from './operation.js';

/**
 * Does something that the audit is told of also when it fails. That it was done is recorded by what does it, in its transaction. Calls
 * of nobody are not recorded: anybody could fill the disk with them.
 */
export async function recorded<T>(
  audit: AuditTrail,
  call: Call,
  event: AuditedEvent,
  work: () => Promise<T>,
): Promise<T> {
  try {
    return await work();
  } catch (error) {
    if (call.user !== undefined) {
      const text = error instanceof Failure ? error.summary : 'SystemError';
      await audit.recordRefusal({ user: call.user, address: call.address }, { ...event, error: text });
    }
    throw error;
  }
}
