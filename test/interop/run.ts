/**
 * Real clients against the real server. `npm run test:interop` runs them all, `npm run test:interop -- mono php` some of them;
 * `--url http://host/srv.asmx` takes a server that already runs, with the administrator's password in LIGHTERAGE_ADMIN_PASSWORD.
 */
import { randomBytes } from 'node:crypto';
import { rmSync } from 'node:fs';
import { mkdir, mkdtemp, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { axis } from './clients/axis/axis.js';
import { curl } from './clients/curl/curl.js';
import { gsoap } from './clients/gsoap/gsoap.js';
import { jaxWs } from './clients/jax-ws/jax-ws.js';
import { mono } from './clients/mono/mono.js';
import { nodeSoap } from './clients/node-soap/node-soap.js';
import { php } from './clients/php/php.js';
import { soapLite } from './clients/soap-lite/soap-lite.js';
import { suds } from './clients/python/suds.js';
import { zeep } from './clients/python/zeep.js';
import { RunningServer } from '../../scripts/running-server.js';
import { succeed, type Command } from '../support/command.js';
import { requirePackages } from '../support/debian-packages.js';
import { Report } from '../support/report.js';
import { InternetTripwire } from './internet-tripwire.js';
import { runProgram } from './run-program.js';
import type { Toolkit, Workshop } from './toolkit.js';

const toolkits: readonly Toolkit[] = [mono, jaxWs, axis, php, zeep, suds, soapLite, gsoap, nodeSoap, curl];

type Variables = Readonly<Record<string, string>>;

/** 3 MiB and a bit: twelve chunks of the smallest size that is negotiated, and a short one. */
const fileBytes = 3 * 1024 * 1024 + 17;

const { values: options, positionals: chosen } = parseArgs({
  allowPositionals: true,
  options: { url: { type: 'string' } },
});
const unknown = chosen.filter((name) => !toolkits.some((toolkit) => toolkit.name === name));
if (unknown.length > 0) throw new Error(`no client is named ${unknown.join(', ')}`);

const report = new Report();
const workplace = await mkdtemp(join(tmpdir(), 'lighterage-interop-'));
process.once('exit', () => rmSync(workplace, { recursive: true, force: true }));
for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => process.exit(1));
const tripwire = await InternetTripwire.listen();
try {
  if (options.url !== undefined) await useAll(options.url, process.env['LIGHTERAGE_ADMIN_PASSWORD'] ?? '');
  else await serveAndUseAll();
} finally {
  tripwire.close();
}
report.sum();
process.exitCode = report.failed === 0 ? 0 : 1;

async function serveAndUseAll(): Promise<void> {
  const adminPassword = randomBytes(12).toString('base64url');
  const server = await report.check('the server starts', () =>
    RunningServer.start({ data: join(workplace, 'data'), adminPassword }),
  );
  if (server === undefined) return;
  try {
    await useAll(`${server.url}/srv.asmx`, adminPassword);
  } finally {
    await report.check('the server stops', () => server.stop());
  }
  if (report.failed > 0) console.log(`The last that the server printed:\n${server.lastWords}`);
}

async function useAll(url: string, password: string): Promise<void> {
  const file = join(workplace, 'cargo.bin');
  await writeFile(file, randomBytes(fileBytes));
  const environment = {
    ...tripwire.environment,
    // The folders' names are not ASCII, and not every runtime takes the encoding of its environment to be UTF-8.
    LC_ALL: 'C.UTF-8',
    INTEROP_URL: url,
    INTEROP_USER: 'admin',
    INTEROP_PASSWORD: password,
    INTEROP_FILE: file,
  };
  for (const toolkit of toolkits) {
    if (chosen.length === 0 || chosen.includes(toolkit.name)) await use(toolkit, `${url}?WSDL`, environment);
  }
}

async function use(toolkit: Toolkit, wsdl: string, environment: Variables): Promise<void> {
  const installed = await report.check(`${toolkit.name} is installed`, () => requirePackages(toolkit.packages));
  if (installed === undefined) return;
  const directory = join(workplace, toolkit.name);
  await mkdir(directory);
  const inside = (command: Command): Command => ({
    ...command,
    directory,
    environment: { ...environment, ...command.environment },
  });
  const workshop: Workshop = {
    directory,
    wsdl,
    report,
    tripwire,
    succeed: (program, ...argumentsOfIt) => succeed(inside({ program, arguments: argumentsOfIt })),
  };
  const programs = await report.check(`${toolkit.name} is ready to run`, () => toolkit.prepare(workshop));
  for (const program of programs ?? []) await runProgram({ ...program, command: inside(program.command) }, report);
  if (!toolkit.usesProxy) return;
  await report.check(`${toolkit.name} asks nobody but the server`, () => {
    const requests = tripwire.takeRequests();
    if (requests.length > 0) throw new Error(`it asked for ${requests.join(', ')}`);
  });
}
