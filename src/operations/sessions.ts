import type { OpenedSession, Session, Sessions } from '../accounts/sessions.js';
import { fullName } from '../accounts/user.js';
import { elementResult, type Result } from '../contract/result.js';
import { formatTime } from './date-format.js';
import type { Call, Operations } from './operation.js';

export type SessionOperations = Pick<
  Operations,
  'AuthenticateUser' | 'AuthenticateUser1' | 'RenewTicket' | 'CreateTicketforUser' | 'isValidTicket' | 'LogOut'
>;

/** The operations of CONTRACT, Sessions. Texts are in one language, so that Lang changes nothing. */
export function sessionOperations({ sessions }: { readonly sessions: Sessions }): SessionOperations {
  return {
    AuthenticateUser: {
      root: 'root',
      run: async ({ UID, PWD }, call) => opened(await sessions.logIn(UID, PWD, call.address, call.gone), call),
    },
    AuthenticateUser1: {
      root: 'root',
      run: async ({ UID, PWD }, call) => opened(await sessions.logIn(UID, PWD, call.address, call.gone), call),
    },
    RenewTicket: {
      root: 'root',
      run: async ({ UID, PWD, OldTicket }, call) =>
        opened(await sessions.renew(UID, PWD, OldTicket, call.address, call.gone), call),
    },
    CreateTicketforUser: {
      root: 'root',
      run: async ({ TrustedUserPwd, UserName }, call) => {
        const { ticket, user } = await sessions.createFor(TrustedUserPwd, UserName, call.address, call.gone);
        call.user = user.name;
        return elementResult('root', { success: 'true', ticket });
      },
    },
    isValidTicket: {
      root: 'root',
      isRead: true,
      run: async ({ AuthenticationTicket }, call) => {
        const session = await sessions.peek(AuthenticationTicket);
        call.user = session.user.name;
        return elementResult('root', { success: 'true', ...described(session) });
      },
    },
    LogOut: {
      root: 'root',
      run: async ({ AuthenticationTicket }, call) => {
        const { user } = await sessions.logOut(AuthenticationTicket, call.address);
        call.user = user.name;
        return elementResult('root', { success: 'true' });
      },
    },
  };
}

function opened(session: OpenedSession, call: Call): Result {
  call.user = session.user.name;
  return elementResult('root', { success: 'true', ticket: session.ticket, ...described(session) });
}

function described({ user, expiresAt }: Session): Record<string, string> {
  return {
    userid: String(user.id),
    username: user.name,
    firstName: user.firstName,
    lastName: user.lastName,
    fullname: fullName(user),
    email: user.email,
    expireOn: formatTime(expiresAt),
    isAuthenticated: 'True',
  };
}
