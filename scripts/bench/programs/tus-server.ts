/**
 * The tus project's own server for Node.js with its own file store, as its documentation shows it: the body of a PATCH is appended to a file. No SOAP, no base64, no checksum.
 *
 * `node tus-server.js <directory>`; prints where it listens.
 */
import http from 'node:http';
import { FileStore } from '@tus/file-store';
import { Server } from '@tus/server';
import { listenAndTell } from './listen-and-tell.js';

const directory = process.argv[2] ?? '.';
const tus = new Server({ path: '/files', datastore: new FileStore({ directory }) });
listenAndTell(http.createServer((request, response) => void tus.handle(request, response)));
