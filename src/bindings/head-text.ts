import type { IncomingMessage } from 'node:http';
import { callerAddress } from './caller.js';
import { type TextAccount, type TextBudget, UNCOUNTED } from './payload/text-budget.js';

/** How long the head of a request is, in characters. */
export function headLength({ rawHeaders, url = '' }: IncomingMessage): number {
  let length = url.length;
  for (const text of rawHeaders) length += text.length;
  return length;
}

/** Counts the head of a request among all texts: it is kept until the answer has been taken, or longer while others are before it. */
export function countHead(
  request: IncomingMessage,
  { texts, trustProxy }: { readonly texts: TextBudget; readonly trustProxy: boolean },
): TextAccount {
  const length = headLength(request);
  if (length <= UNCOUNTED) return NOTHING;
  const account = texts.open({ address: callerAddress(request, trustProxy) }, () => request.socket.destroy());
  account.take(length);
  return account;
}

/** What nearly all heads come to: an account of their own would take longer than all else that is done for it. */
const NOTHING: TextAccount = { take: () => undefined, release: () => undefined };
