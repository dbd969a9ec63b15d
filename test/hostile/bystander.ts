import type { Service } from '../../scripts/client/service.js';

/** How often it asks, ms. */
const INTERVAL_MS = 50;

/** Somebody who does nothing wrong, meanwhile: calls, and sends and fetches a little content, and sees how long each takes. */
export class Bystander {
  readonly #service: Service;
  readonly #ticket: string;
  readonly #failures: string[] = [];
  #longest = 0;
  #calls = 0;
  #isWatching = true;
  readonly #watch: Promise<void>;

  constructor(service: Service, ticket: string) {
    this.#service = service;
    this.#ticket = ticket;
    this.#watch = this.#run();
  }

  /** The longest a call took since this was last asked, ms, and how many there were. */
  takeLongest(): { longest: number; calls: number; failures: readonly string[] } {
    const taken = { longest: this.#longest, calls: this.#calls, failures: this.#failures.splice(0) };
    this.#longest = 0;
    this.#calls = 0;
    return taken;
  }

  async leave(): Promise<void> {
    this.#isWatching = false;
    await this.#watch;
  }

  async #run(): Promise<void> {
    const authenticationTicket = this.#ticket;
    const content = Buffer.alloc(10_000, 'x');
    const upload = await this.#service.call('POST', 'CreateUploadHandler', { authenticationTicket });
    const download = await this.#service.call('POST', 'GetDownloadHandler', {
      authenticationTicket,
      Path: '/Public/small.bin',
    });
    const chunk = {
      authenticationTicket,
      uploadHandler: upload.attributes['UploadHandler'] ?? '',
      fileChunk: content,
      chunkHEXCRC: '0',
      lastChunk: false,
    };
    const range = {
      authenticationTicket,
      DownloadHandler: download.attributes['downloadhandler'] ?? '',
      StartOffset: 0,
      ChunkSize: 0,
    };
    while (this.#isWatching) {
      await this.#time(() => this.#service.call('GET', 'FolderExists', { authenticationTicket, Path: '/Public' }));
      await this.#time(() => this.#service.call('SOAP 1.1', 'DownloadFileChunk', range));
      /* Its checksum is wrong, so that it can be sent for ever. */
      await this.#time(() => this.#service.ask('POST', 'UploadFileChunk', chunk));
      await new Promise((resolve) => setTimeout(resolve, INTERVAL_MS));
    }
  }

  async #time(work: () => Promise<unknown>): Promise<void> {
    const started = performance.now();
    try {
      /* The server may close a connection that was idle just when it is used again: then clients call once more. */
      await work().catch((error: unknown) => {
        if (error instanceof TypeError) return work();
        throw error;
      });
    } catch (error) {
      this.#failures.push(String(error));
    }
    this.#calls++;
    this.#longest = Math.max(this.#longest, performance.now() - started);
  }
}
