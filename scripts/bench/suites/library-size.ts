import crypto from 'node:crypto';
import path from 'node:path';
import { type BenchContext, makePlace } from '../bench-context.js';
import { LoadGenerator } from '../load-generator.js';
import { Product } from '../servers/product.js';
import { CallCosts, callTarget } from './call-cost.js';
import { finishUploads } from './content-size.js';
import { documentPath, fillLibrary, folderPath } from './filled-library.js';

const SMALL = 1000;

/** Turns in a round: a figure is the median of all, and one in which the system had something else to do shall not be what is told. */
const TURNS = 2;

/** Calls in a turn. */
const LOOKUPS = 3000;
const COMMITS = 150;

/** Callers of look-ups at once. Commits come one after the other. */
const CONNECTIONS = 4;

/** What a look-up and a commit cost in a library of few documents and in one of many. */
export async function compareLibrarySizes(context: BenchContext): Promise<void> {
  const { cores, options, programs, results, tell } = context;
  const sizes = [SMALL, options.largeLibrary];
  tell(`\nlook-up and commit among ${sizes.map((size) => size.toLocaleString('en')).join(' and ')} documents`);
  const load = new LoadGenerator(programs, cores.load);
  const libraries: Library[] = [];
  try {
    for (const size of sizes) libraries.push(await Library.open(context, size));
    for (let turn = 0; turn < options.rounds * TURNS; turn++) {
      for (const library of libraries) await library.lookUp(load);
      for (const library of libraries) await library.commit(load, turn);
      /* Who comes second has the caches that the first one has left. */
      libraries.reverse();
    }
    libraries.sort((a, b) => a.size - b.size);
  } finally {
    load.stop();
    for (const library of libraries) await library.close();
  }
  const [few, many] = libraries;
  if (!few || !many) return;
  for (const [call, pick] of [
    ['look-up (DocumentExists)', (library: Library) => library.lookups],
    ['commit', (library: Library) => library.commits],
  ] as const) {
    const inSmall = pick(few).sum;
    const inLarge = pick(many).sum;
    results.growth.push({ call, small: `${few.name} documents`, large: `${many.name} documents`, inSmall, inLarge });
    tell(`  ${call}: ${inSmall.p50.toFixed(2)} ms and ${inLarge.p50.toFixed(2)} ms`);
  }
}

/** A server whose library holds so many documents. */
class Library {
  readonly lookups = new CallCosts();
  readonly commits = new CallCosts();
  /** Documents. */
  readonly size: number;
  readonly #server: Product;

  private constructor(size: number, server: Product) {
    this.size = size;
    this.#server = server;
  }

  static async open(context: BenchContext, size: number): Promise<Library> {
    const data = path.join(makePlace(context, `library-${size}`), 'data');
    const { cores } = context;
    const first = await Product.start({ data, cores: undefined });
    await first.process.stop();
    await fillLibrary(data, size);
    return new Library(size, await Product.start({ data, cores: cores.server }));
  }

  get name(): string {
    return this.size.toLocaleString('en');
  }

  async lookUp(load: LoadGenerator): Promise<void> {
    const targets = Array.from({ length: LOOKUPS }, () =>
      callTarget(this.#server, 'DocumentExists', { Path: documentPath(crypto.randomInt(this.size)) }),
    );
    await this.lookups.measure(load, this.#server, targets, CONNECTIONS);
  }

  async commit(load: LoadGenerator, turn: number): Promise<void> {
    const { handlers } = await this.#server.openUploads(COMMITS);
    await finishUploads(this.#server, handlers);
    const folders = Math.ceil(this.size / SMALL);
    const targets = handlers.map((uploadHandler, n) => {
      const name = `${folderPath(crypto.randomInt(folders))}/New ${turn} ${n}.txt`;
      return callTarget(this.#server, 'UploadDocumentWithHandler', { path: name, uploadHandler });
    });
    await this.commits.measure(load, this.#server, targets, 1);
  }

  close(): Promise<void> {
    return this.#server.process.stop();
  }
}
