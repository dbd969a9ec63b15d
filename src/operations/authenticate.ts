import type { Session, Sessions } from '../accounts/sessions.js';
import type { Call } from './operation.js';

/**
 * The session a call is made in; the call is told whose it is. A call that asks twice, before its content and after, uses the
 * session once. @throws Failure `[900]`, `[901]`, or that the user calls too often.
 */
export async function authenticate(sessions: Sessions, ticket: string, call: Call): Promise<Session> {
  const session = call.user === undefined ? await sessions.require(ticket) : await sessions.peek(ticket);
  call.user = session.user.name;
  return session;
}
