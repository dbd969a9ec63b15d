/**
 * A call that could not be carried out, for a reason the caller is told: HTTP 200 and `success="false"` with this text
 * (CONTRACT: business failures). Whatever else is thrown is a fault of the server and is answered `SystemError:`.
 */
export class Failure extends Error {
  override readonly name = 'Failure';
}

/** A failure of the machine under the server (disk, database), told to the caller without details. */
export class StorageFailure extends Failure {
  constructor(what: string, options?: ErrorOptions) {
    super(`SystemError: ${what}`, options);
  }
}

/** The ticket was good once, but its session has ended, perhaps a moment ago (CONTRACT, Tickets and errors common to all). */
export function sessionExpired(): Failure {
  return new Failure('[901] Session expired or Invalid ticket');
}
