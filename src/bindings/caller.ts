import type { IncomingMessage } from 'node:http';
import type { OperationContract } from '../contract/contract.js';
import type { ArrivedTexts } from './payload/argument-intake.js';

/** The name of the cookie that may hold the ticket, and of the parameter it stands for, in lower case (CONTRACT). */
const TICKET_COOKIE = 'ticket';
const TICKET_PARAMETER = 'authenticationticket';

/**
 * The address of the caller: the connection's, or what a trusted proxy says it is. A proxy adds the address it sees at the end of
 * X-Forwarded-For; what stands before it the caller may have written.
 */
export function callerAddress(request: IncomingMessage, trustProxy: boolean): string {
  const forwarded = trustProxy ? request.headers['x-forwarded-for'] : undefined;
  const last = [forwarded ?? []].flat().join(',').split(',').at(-1)?.trim() ?? '';
  return last === '' ? (request.socket.remoteAddress ?? '') : last;
}

/**
 * Gives the call the ticket of its cookie, when the call has no ticket of its own and the cookie may be believed. Returns whether it did.
 */
export function fillTicket({ contract, texts }: ArrivedTexts, request: IncomingMessage): boolean {
  const parameter = ticketParameter(contract);
  if (parameter === undefined || (texts.get(parameter) ?? '') !== '') return false;
  const ticket = cookieTicket(request);
  if (ticket === undefined) return false;
  texts.set(parameter, ticket);
  return true;
}

function ticketParameter(contract: OperationContract): string | undefined {
  return contract.findParameter(TICKET_PARAMETER)?.name;
}

/** A cookie is sent by browsers whoever made them call. Only calls that no other site can have made are given its ticket. */
function cookieTicket(request: IncomingMessage): string | undefined {
  const header = request.headers.cookie;
  if (header === undefined || !isSameOrigin(request)) return undefined;
  for (const pair of header.split(';')) {
    const equals = pair.indexOf('=');
    if (equals !== -1 && pair.slice(0, equals).trim() === TICKET_COOKIE) {
      return decode(pair.slice(equals + 1).trim());
    }
  }
  return undefined;
}

function decode(value: string): string {
  const unquoted = value.startsWith('"') && value.endsWith('"') && value.length > 1 ? value.slice(1, -1) : value;
  try {
    return decodeURIComponent(unquoted);
  } catch {
    return unquoted;
  }
}

function isSameOrigin(request: IncomingMessage): boolean {
  const site = request.headers['sec-fetch-site'];
  if (site !== undefined) return site === 'same-origin' || site === 'none';
  const { origin, host } = request.headers;
  if (origin === undefined) return true;
  return URL.canParse(origin) && new URL(origin).host === host;
}
