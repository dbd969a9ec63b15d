import type { IncomingMessage } from 'node:http';
import { TLSSocket } from 'node:tls';

/** The address of the service as the caller who asks sees it. All parts are safe in XML and HTML once escaped. */
export interface PublicAddress {
  /** `http` or `https`, `://`, host, path. */
  readonly url: string;
  /** The host with its port, where that is not the default. */
  readonly host: string;
  /** `/srv.asmx`, below the prefix under which a proxy publishes the service. */
  readonly path: string;
}

/** Where the service lies on this server. Matched without regard to case (CONTRACT). */
export const SERVICE_PATH = '/srv.asmx';

/** A name, an IPv4 or a bracketed IPv6 address, and a port (RFC 9110, 7.2), as far as it can be written down unescaped. */
const HOST = /^(?:[\w.~-]{1,253}|\[[\da-f:.]{2,45}\])(?::\d{1,5})?$/i;

/** A path that begins with one slash, without what would end it or mean something in markup. */
const PREFIX = /^(?:\/[\w.~!$()*+,;=:@%-]+)+\/?$/;

/**
 * Reads the address a request was sent to. Returns undefined when its Host header is no host (the request is bad).
 *
 * @param trustProxy - Whether `X-Forwarded-Proto`, `-Host` and `-Prefix` come from a proxy of ours. Of a list the first
 *   counts, which is what the caller sent; a value that cannot be read is passed over.
 */
export function readPublicAddress(request: IncomingMessage, trustProxy: boolean): PublicAddress | undefined {
  const forwarded = (header: string, form: RegExp): string | undefined => {
    if (!trustProxy) return undefined;
    const [value] = [request.headers[header] ?? []].flat();
    const first = value?.split(',', 1)[0]?.trim() ?? '';
    return form.test(first) ? first : undefined;
  };
  const host = forwarded('x-forwarded-host', HOST) ?? request.headers.host ?? localHost(request);
  if (!HOST.test(host)) return undefined;
  const isSecure = request.socket instanceof TLSSocket;
  const scheme = forwarded('x-forwarded-proto', /^https?$/i)?.toLowerCase() ?? (isSecure ? 'https' : 'http');
  const prefix = forwarded('x-forwarded-prefix', PREFIX)?.replace(/\/$/, '') ?? '';
  const path = prefix + SERVICE_PATH;
  return { url: `${scheme}://${host}${path}`, host, path };
}

/** HTTP/1.0 needs no Host header: the caller reached this address, so it will again. */
function localHost(request: IncomingMessage): string {
  const { localAddress = '127.0.0.1', localPort = 80 } = request.socket;
  const address = localAddress.replace(/^::ffff:/, '');
  return `${address.includes(':') ? `[${address}]` : address}:${localPort}`;
}
