import { once } from 'node:events';
import fs from 'node:fs/promises';
import net from 'node:net';
import { eventually } from './eventually.js';

/* Connections as the callers and the system see them. */

export function portOfUrl(url: string): number {
  return Number(new URL(url).port);
}

export async function connectTo(port: number): Promise<net.Socket> {
  const socket = net.connect({ host: '127.0.0.1', port });
  await once(socket, 'connect');
  return socket;
}

/** What comes until the connection ends, or breaks. */
export function rest(socket: net.Socket): Promise<string> {
  return new Promise((resolve) => {
    let text = '';
    socket.setEncoding('latin1');
    socket.on('data', (piece: string) => (text += piece));
    socket.on('error', () => undefined);
    socket.on('close', () => resolve(text));
  });
}

/** The connections a process holds at the server's end: what the callers have not taken, bytes, by the callers' ports. */
export function heldByServer(server: number): Promise<Map<number, number>> {
  return queued(server, 'sent');
}

/** The same for what the server has not read. */
export function unreadByServer(server: number): Promise<Map<number, number>> {
  return queued(server, 'received');
}

async function queued(server: number, way: 'sent' | 'received'): Promise<Map<number, number>> {
  const connections = (await fs.readFile('/proc/net/tcp', 'utf8')).split('\n').map((line) => line.trim().split(/\s+/));
  /* Of a connection without an inode only the system still knows. */
  return new Map(
    connections
      .filter(([, local = '', , , , , , , , inode = '0']) => portOf(local) === server && inode !== '0')
      .map(([, , remote = '', , queues = '']) => [
        portOf(remote),
        Number.parseInt(queues.split(':')[way === 'sent' ? 0 : 1] ?? '', 16),
      ]),
  );
}

function portOf(address: string): number {
  return Number.parseInt(address.split(':')[1] ?? '', 16);
}

/** A figure, once it has been the same for ten looks: what is asked for may take a moment to begin. */
export async function settled<T>(look: () => Promise<T>): Promise<T> {
  let [now, looks] = [await look(), 0];
  await eventually(
    async () => {
      const before = now;
      now = await look();
      looks = now === before ? looks + 1 : 0;
      return looks;
    },
    (same) => same === 10,
  );
  return now;
}
