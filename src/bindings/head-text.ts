import type { IncomingMessage } from 'node:http';
import { callerAddress } from './caller.js';
import type { TextAccount, TextBudget } from './payload/text-budget.js';

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
  const caller = {
    get address() {
      return callerAddress(request, trustProxy);
    },
  };
  const account = texts.open(caller, () => request.socket.destroy());
  account.take(headLength(request));
  return account;
}
