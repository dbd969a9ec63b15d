import type { Answer } from './answer.js';
import type { Arguments, Binding, Service } from './service.js';

/** Somebody who is logged in: every call is made with their ticket. */
export class Session {
  readonly #service: Service;
  readonly ticket: string;

  /** Of a ticket that is known already. */
  constructor(service: Service, ticket: string) {
    this.#service = service;
    this.ticket = ticket;
  }

  /** @throws CallFailed when the name or the password is wrong. */
  static async logIn(service: Service, user: string, password: string): Promise<Session> {
    const { attributes } = await service.call('POST', 'AuthenticateUser', { UID: user, PWD: password });
    return new Session(service, attributes['ticket'] ?? '');
  }

  ask(binding: Binding, operation: string, args: Arguments): Promise<Answer> {
    return this.#service.ask(binding, operation, { authenticationTicket: this.ticket, ...args });
  }

  call(binding: Binding, operation: string, args: Arguments): Promise<Answer> {
    return this.#service.call(binding, operation, { authenticationTicket: this.ticket, ...args });
  }

  /** The ticket is worth nothing afterwards. */
  async logOut(): Promise<void> {
    await this.call('POST', 'LogOut', {});
  }
}
