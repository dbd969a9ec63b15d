import type { Session, Sessions } from '../accounts/sessions.js';
import type { Call } from './operation.js';

/** The session a call is made in; the call is told whose it is. @throws Failure `[900]` or `[901]`. */
export async function authenticate(sessions: Sessions, ticket: string, call: Call): Promise<Session> {
  const session = await sessions.require(ticket);
  call.user = session.user.name;
  return session;
}
