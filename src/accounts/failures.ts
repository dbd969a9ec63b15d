import { Failure } from '../values/failure.js';

/* The texts of CONTRACT, Tickets and errors common to all. That of [901] is with the values, as other rooms need it too. */

export const authenticationFailed = (): Failure => new Failure('[900] Authentication failed');

export const tooManyLogIns = (): Failure =>
  new Failure('SystemError: Too many callers are logging in at the moment. Try again in a minute.');

/** CONTRACT, Sessions, CreateTicketforUser: word for word. */
export const ticketNotAllowed = (): Failure => new Failure('[902] Ticket generation are not allowed for this user.');

export const noSuchUser = (name: string): Failure => new Failure(`There is no user "${name}".`);
export const userExists = (name: string): Failure => new Failure(`There is a user "${name}" already.`);
