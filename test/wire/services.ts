import fs from 'node:fs/promises';
import { createApplication } from '../../src/bindings/application.js';
import { HttpBinding } from '../../src/bindings/http/http-binding.js';
import { BufferPool } from '../../src/bindings/payload/buffer-pool.js';
import { MemoryBudget } from '../../src/bindings/payload/memory-budget.js';
import { TextBudget } from '../../src/bindings/payload/text-budget.js';
import { SoapBinding } from '../../src/bindings/soap/soap-binding.js';
import { SoapDispatcher } from '../../src/bindings/soap/soap-dispatcher.js';
import type { NamedArguments } from '../../src/contract/arguments.js';
import { matchOperations } from '../../src/contract/match-operations.js';
import type { Payload } from '../../src/contract/payload.js';
import { type ContentSource, elementResult, type Result } from '../../src/contract/result.js';
import { readWsdl } from '../../src/contract/wsdl-reader.js';
import { createListener } from '../../src/listener.js';
import type { ErasedOperation, Operations } from '../../src/operations/operation.js';
import { OperationRunner } from '../../src/operations/operation-runner.js';
import { startServer } from '../../src/server.js';
import { loadSettings } from '../../src/settings.js';
import { Spool } from '../../src/storage/spool.js';
import { Failure } from '../../src/values/failure.js';
import { scratchDirectory } from '../support/scratch-directory.js';

const KIB = 1024;
const MIB = 1024 * KIB;

/** What the rows are driven against. */
export interface RunningService {
  readonly port: number;
  stop(): Promise<void>;
}

/** The server as it is, on a directory of its own. */
export async function startSrv(): Promise<RunningService> {
  const directory = scratchDirectory();
  const { settings } = loadSettings({
    flags: { data: directory, port: '0', workers: '1', logLevel: 'silent', passwordCost: '10' },
    environment: { LIGHTERAGE_ADMIN_PASSWORD: 'wire' },
  });
  const server = await startServer(settings);
  return {
    port: Number(new URL(server.url).port),
    stop: async () => {
      await server.stop();
      await fs.rm(directory, { recursive: true });
    },
  };
}

/** The operations the recorded exchanges were made with, behind the server's own bindings. */
export async function startProbe(): Promise<RunningService> {
  const directory = scratchDirectory();
  const contract = readWsdl(await fs.readFile(new URL('probe.wsdl', import.meta.url), 'utf8'));
  const report = (error: unknown): never => {
    throw new Error('The probe does not fail unexpectedly.', { cause: error });
  };
  const runner = new OperationRunner(PROBE as unknown as Operations, report);
  matchOperations(contract, runner.names);
  const shared = {
    contract,
    runner,
    spool: new Spool(directory),
    buffers: new BufferPool(new MemoryBudget(8 * MIB), 256 * KIB),
    log: () => undefined,
    report,
    trustProxy: false,
    maxTextBytes: MIB,
    texts: new TextBudget(8 * MIB),
    idleLimit: 10_000,
  };
  const dispatcher = await SoapDispatcher.create(contract, runner);
  const application = createApplication({
    contract,
    soap: new SoapBinding({ ...shared, dispatcher }),
    http: new HttpBinding({ ...shared, maxRequestLine: 64 * KIB }),
    trustProxy: false,
    texts: shared.texts,
    idleLimit: shared.idleLimit,
    report,
  });
  const listener = createListener(application, {
    maxRequestLine: 64 * KIB,
    idleLimit: 10_000,
    maxConnections: 1000,
    certificate: undefined,
  });
  return {
    port: await listener.listen('127.0.0.1', 0),
    stop: async () => {
      await listener.stop();
      await fs.rm(directory, { recursive: true });
    },
  };
}

/** What the probe's operations answer: what they saw, as .NET writes it. */
const PROBE: Readonly<Record<string, ErasedOperation>> = {
  Echo: answering(({ text, number, flag }) =>
    elementResult('root', {
      text: `[${textOf(text)}]`,
      number: textOf(number),
      flag: flag === true ? 'True' : 'False',
    }),
  ),
  EchoShort: answering(({ number }) => elementResult('root', { number: textOf(number) })),
  EchoBytes: {
    root: 'root',
    content: { limit: MIB, place: () => Promise.resolve(undefined) },
    run: async ({ text, data }) => {
      const content = await read(data as Payload);
      return elementResult('root', { text: `[${textOf(text)}]`, data: `${content.length}:${hex(content)}` });
    },
  },
  Bytes: answering(({ count }) => ({ kind: 'bytes', content: repeated(Number(count)) })),
  Text: answering(() => elementResult('root', { a: '<&">\' \né€' }, ['x<&">\' yé'])),
  Throws: answering(({ message }) => {
    throw new Failure(textOf(message));
  }),
};

function answering(answer: (args: NamedArguments) => Result): ErasedOperation {
  return { root: 'root', run: (args) => new Promise((resolve) => resolve(answer(args))) };
}

function textOf(value: NamedArguments[string] | undefined): string {
  return typeof value === 'object' ? '' : String(value);
}

async function read(payload: Payload): Promise<Buffer> {
  const pieces: Buffer[] = [];
  await payload.copyTo({ write: (bytes) => void pieces.push(Buffer.from(bytes)) });
  return Buffer.concat(pieces);
}

function hex(content: Buffer): string {
  return (content.toString('hex').toUpperCase().match(/../g) ?? []).join('-');
}

/** The letter a, so many times. */
function repeated(count: number): ContentSource {
  return {
    length: count,
    read: (buffer) => Promise.resolve(buffer.fill('a').length),
    close: () => undefined,
  };
}
