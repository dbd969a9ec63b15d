import type { Session, Sessions } from '../accounts/sessions.js';
import type { Call } from './operation.js';

/**
 * The session a call is made in; the call is told whose it is. A call that asks twice, before its content and after, uses the
 * session once; when it has named another one meanwhile, both. @throws Failure `[900]`, `[901]`, or that the user calls too often.
 */
export async function authenticate(sessions: Sessions, ticket: string, call: Call): Promise<Session> {
  const session = await sessions.require(ticket, call.session);
  call.session = session.id;
  call.user = session.user.name;
  return session;
}
