import crypto from 'node:crypto';
import fs from 'node:fs';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { ServerProcess } from '../server-process.js';
import type { Contestant, StartContestant } from './contestant.js';

const MAIN = fileURLToPath(new URL('../../../dist/main.js', import.meta.url));

const PASSWORD = crypto.randomBytes(12).toString('hex');

/** The document that is downloaded. */
export const CARGO_PATH = '/Public/cargo.bin';

/** How many calls that prepare or clear up run at once. */
const ABREAST = 8;

export interface ProductOptions {
  /** The data directory. */
  readonly data: string;
  readonly cores: string | undefined;
  readonly workers?: number;
  readonly nodeOptions?: readonly string[];
}

/**
 * The server this is all about: what `npm run build` has made, with its settings as they are delivered but for the number of
 * workers and what a user may take.
 */
export class Product implements Contestant {
  readonly process: ServerProcess;
  readonly ticket: string;
  #opened: string[] = [];

  private constructor(process: ServerProcess, ticket: string) {
    this.process = process;
    this.ticket = ticket;
  }

  static async start({ cores, data, nodeOptions = [], workers = 1 }: ProductOptions): Promise<Product> {
    const process = await ServerProcess.start({
      args: [...nodeOptions, MAIN, 'serve'],
      cores,
      output: `${data}.log`,
      environment: {
        LIGHTERAGE_PORT: '0',
        LIGHTERAGE_DATA: data,
        LIGHTERAGE_ADMIN_PASSWORD: PASSWORD,
        LIGHTERAGE_WORKERS: String(workers),
        /* One user stands for many here. */
        LIGHTERAGE_MAX_CALL_RATE: '0',
        LIGHTERAGE_MAX_HANDLERS: '0',
      },
    });
    const answer = await ask(process.port, 'AuthenticateUser', { UID: 'admin', PWD: PASSWORD });
    return new Product(process, answer.get('ticket'));
  }

  /** Carries out an operation over POST; returns the attributes of its answer. @throws when it failed. */
  call(operation: string, args: Readonly<Record<string, string | number>>): Promise<Attributes> {
    return ask(this.process.port, operation, { authenticationTicket: this.ticket, ...args });
  }

  /** The same for each of many, several at a time. */
  async callForEach<T>(
    items: readonly T[],
    operation: string,
    args: (item: T) => Readonly<Record<string, string | number>>,
  ): Promise<Attributes[]> {
    const answers: Attributes[] = [];
    const entries = items.entries();
    const work = async (): Promise<void> => {
      for (const [index, item] of entries) answers[index] = await this.call(operation, args(item));
    };
    await Promise.all(Array.from({ length: ABREAST }, work));
    return answers;
  }

  async openUploads(count: number) {
    const places = Array.from({ length: count });
    const answers = await this.callForEach(places, 'CreateUploadHandler', () => ({ PreferedChunkSize: 0 }));
    const handlers = answers.map((answer) => answer.get('UploadHandler'));
    this.#opened.push(...handlers);
    return { port: this.process.port, ticket: this.ticket, handlers };
  }

  async discardUploads(): Promise<void> {
    await this.callForEach(this.#opened.splice(0), 'DeleteUploadHandler', (id) => ({ UploadHandler: id }));
  }

  /** Makes the bytes of a file a document. */
  async store(file: string, document: string): Promise<void> {
    const form = new FormData();
    form.set('authenticationTicket', this.ticket);
    form.set('path', document);
    form.set('fileContent', await fs.openAsBlob(file), 'content');
    await post(this.process.port, 'UploadDocument', form);
  }

  async openDownloads(count: number) {
    const places = Array.from({ length: count });
    const answers = await this.callForEach(places, 'GetDownloadHandler', () => ({ Path: CARGO_PATH }));
    const handlers = answers.map((answer) => answer.get('downloadhandler'));
    return { port: this.process.port, ticket: this.ticket, handlers };
  }
}

export const startProduct: StartContestant = async ({ cargo, cores, directory, nodeOptions }) => {
  const data = path.join(directory, 'data');
  if (cargo !== undefined) {
    /* By a process of its own, so that the one that is measured has seen nothing before. */
    const stocking = await Product.start({ data, cores: undefined });
    await stocking.store(cargo, CARGO_PATH);
    await stocking.process.stop();
  }
  return Product.start({ data, cores, nodeOptions });
};

/** The attributes of an answer's root element. */
export class Attributes {
  readonly #text: string;

  constructor(text: string) {
    this.#text = text;
  }

  /** @throws when there is none of this name. */
  get(name: string): string {
    const value = new RegExp(`\\s${name}="([^"]*)"`, 'i').exec(this.#text)?.[1];
    if (value === undefined) throw new Error(`There is no ${name} in the answer: ${this.#text.slice(0, 500)}`);
    return value;
  }
}

function ask(port: number, operation: string, args: Readonly<Record<string, string | number>>): Promise<Attributes> {
  const form = new URLSearchParams();
  for (const [name, value] of Object.entries(args)) form.set(name, String(value));
  return post(port, operation, form);
}

async function post(port: number, operation: string, body: URLSearchParams | FormData): Promise<Attributes> {
  const response = await fetch(`http://127.0.0.1:${port}/srv.asmx/${operation}`, { method: 'POST', body });
  const text = await response.text();
  const answer = new Attributes(text);
  const isRefused = response.status !== 200 || /\s(?:success="false"|isAuthenticated="false")/i.test(text);
  if (isRefused) throw new Error(`${operation}: the server answered ${response.status}: ${text.slice(0, 500)}`);
  return answer;
}
