import type { IncomingMessage } from 'node:http';
import net from 'node:net';
import type { OperationContract } from '../contract/contract.js';
import { readPublicAddress } from './pages/public-address.js';
import type { ArrivedTexts } from './payload/argument-intake.js';

/** The name of the cookie that may hold the ticket, and of the parameter it stands for, in lower case (CONTRACT). */
const TICKET_COOKIE = 'ticket';
const TICKET_PARAMETER = 'authenticationticket';

/** An address with the port some proxies add, an IPv6 address then in brackets. */
const WITH_PORT = /^(?:\[([^\]]+)\]|([^:]+))(?::\d{1,5})?$/;

/**
 * The address of the caller: the connection's, or what a trusted proxy says it is. A proxy adds the address it sees at the end of
 * X-Forwarded-For; what stands before it the caller may have written. What is no address is nobody's.
 */
export function callerAddress(request: IncomingMessage, trustProxy: boolean): string {
  const own = request.socket.remoteAddress ?? '';
  const forwarded = trustProxy ? request.headers['x-forwarded-for'] : undefined;
  if (forwarded === undefined) return own;
  const last = [forwarded].flat().join(',').split(',').at(-1)?.trim() ?? '';
  const [, bracketed, plain = bracketed] = WITH_PORT.exec(last) ?? [];
  return [last, plain ?? ''].find((address) => net.isIP(address) !== 0) ?? own;
}

export interface CookiePolicy {
  /** Whether the X-Forwarded-* headers are a proxy's word. */
  readonly trustProxy: boolean;
  /** Whether the operation changes nothing. */
  readonly isRead: boolean;
}

/**
 * Gives the call the ticket of its cookie, when the call has no ticket of its own and the cookie may be believed. Returns whether it did.
 */
export function fillTicket({ contract, texts }: ArrivedTexts, request: IncomingMessage, policy: CookiePolicy): boolean {
  const { cookie } = request.headers;
  if (cookie === undefined) return false;
  const parameter = ticketParameter(contract);
  if (parameter === undefined || (texts.get(parameter) ?? '') !== '') return false;
  const ticket = cookieTicket(cookie);
  if (ticket === undefined || !isBelieved(request, policy)) return false;
  texts.set(parameter, ticket);
  return true;
}

function ticketParameter(contract: OperationContract): string | undefined {
  return contract.findParameter(TICKET_PARAMETER)?.name;
}

function cookieTicket(header: string): string | undefined {
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

/** What browsers call themselves, and so do three kinds of programs: proxies made by wsdl.exe, Delphi's Indy, PowerShell. */
const BROWSER = /^Mozilla\/(?!.*(?:MS Web Services Client Protocol|Indy Library|PowerShell\/))/;

/**
 * Whether the cookie was sent by somebody who meant to. Browsers send it whoever made them call: a page of another site, a link in a mail.
 * Of what makes a call they tell by Sec-Fetch-Site, or by Origin, or by Referer, as far as they are new enough, the connection is
 * encrypted, and the page wants it. Where they tell nothing, or that it was a link from outside, only what changes nothing is carried out: no
 * other site sees the answer. Programs that keep cookies send none of these headers.
 */
function isBelieved(request: IncomingMessage, { isRead, trustProxy }: CookiePolicy): boolean {
  const { origin, referer, 'sec-fetch-site': site, 'user-agent': agent = '' } = request.headers;
  if (site !== undefined) return site === 'same-origin' || (site === 'none' && isRead);
  const from = origin ?? referer;
  if (from === undefined) return isRead || !BROWSER.test(agent);
  const own = readPublicAddress(request, trustProxy)?.url;
  /* A Host is checked for being harmless, not for being a host. */
  return (
    own !== undefined && [own, from].every((url) => URL.canParse(url)) && new URL(from).origin === new URL(own).origin
  );
}
