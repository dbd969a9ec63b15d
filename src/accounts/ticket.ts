import crypto from 'node:crypto';
import { newGuid, parseGuid } from '../values/guid.js';
import { authenticationFailed } from './failures.js';

/** The key to a session: a random GUID (122 bits from the system's random source), as it is written. */
export type Ticket = string & { readonly __brand: 'Ticket' };

export function newTicket(): Ticket {
  return newGuid() as string as Ticket;
}

/** Reads a ticket as callers write it. @throws Failure `[900]` for what is missing or no GUID. */
export function parseTicket(text: string): Ticket {
  const guid = parseGuid(text);
  if (guid === undefined) throw authenticationFailed();
  return guid as string as Ticket;
}

/**
 * What is kept of a ticket: its SHA-256, hexadecimal. A ticket is random through and through, so that no salt and no slow
 * hash is needed; and looking up the hash gives away nothing about the ticket by the time it takes.
 */
export function ticketHash(ticket: Ticket): string {
  return crypto.hash('sha256', ticket);
}
