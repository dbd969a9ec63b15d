import type { IncomingMessage } from 'node:http';
import { callerAddress } from '../../src/bindings/caller.js';

/** As much of a request as says where it comes from. */
function request(forwarded?: string): IncomingMessage {
  const headers = forwarded === undefined ? {} : { 'x-forwarded-for': forwarded };
  return { headers, socket: { remoteAddress: '127.0.0.1' } } as unknown as IncomingMessage;
}

test.each([
  ['without a proxy the connection says', false, '198.51.100.7', '127.0.0.1'],
  ['a trusted proxy says', true, '198.51.100.7', '198.51.100.7'],
  ['what the caller wrote in front of that counts for nothing', true, '203.0.113.9, 198.51.100.7', '198.51.100.7'],
  ['a proxy that says nothing leaves it to the connection', true, undefined, '127.0.0.1'],
  ['and so does one that says an empty text', true, '', '127.0.0.1'],
  ['and so does one that says what is no address', true, 'unknown', '127.0.0.1'],
  ['and so does one that says what a terminal would obey', true, '\u001b[2J', '127.0.0.1'],
  ['a proxy adds the port', true, '198.51.100.7:50123', '198.51.100.7'],
  ['a proxy adds the port to an IPv6 address', true, '[2001:db8::1]:50123', '2001:db8::1'],
  ['a proxy puts an IPv6 address in brackets', true, '[2001:db8::1]', '2001:db8::1'],
  ['a proxy says an IPv6 address', true, '2001:db8::1', '2001:db8::1'],
])('The address of a caller: %s', (_, trustProxy, forwarded, address) => {
  expect(callerAddress(request(forwarded), trustProxy)).toBe(address);
});
