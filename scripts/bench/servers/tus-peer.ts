import type { ServerProcess } from '../server-process.js';
import type { Contestant, StartContestant } from './contestant.js';
import { startProgram } from './program-server.js';

const PROTOCOL = { 'Tus-Resumable': '1.0.0' };

class TusPeer implements Contestant {
  readonly process: ServerProcess;
  #opened: string[] = [];

  constructor(process: ServerProcess) {
    this.process = process;
  }

  async openUploads(count: number) {
    const handlers: string[] = [];
    for (let n = 0; n < count; n++) handlers.push(await this.#create());
    this.#opened.push(...handlers);
    return { port: this.process.port, ticket: '', handlers };
  }

  async discardUploads(): Promise<void> {
    for (const path of this.#opened.splice(0)) {
      await fetch(`${this.#origin}${path}`, { method: 'DELETE', headers: PROTOCOL });
    }
  }

  openDownloads(): never {
    throw new Error('The tus server takes part in uploads only.');
  }

  get #origin(): string {
    return `http://127.0.0.1:${this.process.port}`;
  }

  async #create(): Promise<string> {
    const headers = { ...PROTOCOL, 'Upload-Defer-Length': '1' };
    const response = await fetch(`${this.#origin}/files`, { method: 'POST', headers });
    const location = response.headers.get('location');
    if (response.status !== 201 || location === null) throw new Error(`The tus server answered ${response.status}.`);
    return new URL(location, this.#origin).pathname;
  }
}

export const startTusServer: StartContestant = async (workplace) =>
  new TusPeer(await startProgram('tus-server.js', workplace));
