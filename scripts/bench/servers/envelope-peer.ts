import { fileURLToPath } from 'node:url';
import type { ServerProcess } from '../server-process.js';
import type { Contestant, StartContestant } from './contestant.js';
import { startProgram } from './program-server.js';

const WSDL = fileURLToPath(new URL('../../../wsdl/srv.asmx.wsdl', import.meta.url));

/** A peer that takes the same envelopes as the server, and any name for a handler: names of files in its directory. */
class EnvelopePeer implements Contestant {
  readonly process: ServerProcess;
  #opened = 0;

  constructor(process: ServerProcess) {
    this.process = process;
  }

  openUploads(count: number) {
    const handlers = Array.from({ length: count }, () => `upload-${++this.#opened}`);
    return Promise.resolve({ port: this.process.port, ticket: 'none', handlers });
  }

  async discardUploads(): Promise<void> {
    await fetch(`http://127.0.0.1:${this.process.port}/`, { method: 'DELETE' });
  }

  openDownloads(count: number) {
    const handlers = Array.from({ length: count }, () => 'cargo');
    return Promise.resolve({ port: this.process.port, ticket: 'none', handlers });
  }
}

export const startBareServer: StartContestant = async (workplace) =>
  new EnvelopePeer(await startProgram('bare-server.js', workplace));

export const startNodeSoapServer: StartContestant = async (workplace) =>
  new EnvelopePeer(await startProgram('node-soap-server.js', workplace, WSDL));
