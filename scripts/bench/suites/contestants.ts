import type { Suite } from '../options.js';
import type { DownloadFormat, UploadFormat } from '../programs/load/load-job.js';
import type { StartContestant } from '../servers/contestant.js';
import { startBareServer, startNodeSoapServer } from '../servers/envelope-peer.js';
import { startProduct } from '../servers/product.js';
import { startTusServer } from '../servers/tus-peer.js';

/** What servers are called in the results. This server has the names of its bindings. */
export const NAMES = {
  soap: 'SOAP 1.1',
  multipart: 'multipart',
  urlencoded: 'urlencoded',
  mtom: 'MTOM',
  get: 'GET',
  nodeSoap: 'node-soap',
  tus: '@tus/server',
  bare: 'bare',
} as const;

/** A server in a role: what it is sent. */
export interface Role<Format> {
  readonly name: string;
  readonly format: Format;
  readonly start: StartContestant;
  /** The suite that is about it; undefined for those it is compared with, which take part in all. */
  readonly suite: Suite | undefined;
}

export const UPLOADS: readonly Role<UploadFormat>[] = [
  { name: NAMES.soap, format: 'soap', start: startProduct, suite: undefined },
  { name: NAMES.nodeSoap, format: 'soap', start: startNodeSoapServer, suite: 'upload-soap' },
  { name: NAMES.tus, format: 'tus', start: startTusServer, suite: 'upload-soap' },
  { name: NAMES.bare, format: 'soap', start: startBareServer, suite: undefined },
  { name: NAMES.multipart, format: 'multipart', start: startProduct, suite: 'upload-multipart' },
  { name: NAMES.urlencoded, format: 'urlencoded', start: startProduct, suite: 'upload-urlencoded' },
  { name: NAMES.mtom, format: 'mtom', start: startProduct, suite: 'upload-mtom' },
];

export const DOWNLOADS: readonly Role<DownloadFormat>[] = [
  { name: NAMES.soap, format: 'soap', start: startProduct, suite: undefined },
  { name: NAMES.nodeSoap, format: 'soap', start: startNodeSoapServer, suite: 'download-soap' },
  { name: NAMES.bare, format: 'soap', start: startBareServer, suite: undefined },
  { name: NAMES.get, format: 'get', start: startProduct, suite: 'download-get' },
];
