import fs from 'node:fs';
import os from 'node:os';
import { z } from 'zod';

/** One setting. Its name is its key in the file (`logLevel`), and gives its flag (`--log-level`) and its variable (`LIGHTERAGE_LOG_LEVEL`). */
export interface Declaration<Value> {
  readonly description: string;
  /** What stands for the value in the help text; in brackets when the flag may go without. */
  readonly argument: string;
  /** As it would be written; undefined when nothing is set unless somebody sets it. */
  readonly default: string | undefined;
  /** Turns the text into the value, or says what it must be. */
  readonly check: z.ZodType<Value, string>;
  /** Never shown, and not taken as a flag: everybody on the machine can read those. */
  readonly isSecret: boolean;
}

const KIB = 1024;
const MIB = 1024 * KIB;
const GIB = 1024 * MIB;

/** All settings there are. One more is one more entry here. */
export const DECLARATIONS = {
  host: declare({
    argument: '<address>',
    default: '127.0.0.1',
    check: line(),
    description: 'address to listen on',
  }),
  port: declare({
    argument: '<number>',
    default: '8080',
    check: wholeNumber(0, 65_535),
    description: 'port to listen on; 0 takes any that is free',
  }),
  data: declare({
    argument: '<directory>',
    default: './data',
    check: line(),
    description: 'directory of the database and the content store; made when it is not there',
  }),
  adminUser: declare({
    argument: '<name>',
    default: 'admin',
    check: line(),
    description: 'name of the administrator made on first start',
  }),
  adminPassword: secret({
    description: 'password of the administrator made on first start; when not set a random one is made and printed',
  }),
  trustedPassword: secret({
    description: 'what CreateTicketforUser is called with; when not set that operation is off',
  }),
  passwordCost: declare({
    argument: '<number>',
    default: '15',
    check: wholeNumber(10, 20),
    description:
      'what a guess at a password costs: scrypt with N of two to this power; one more doubles time and memory',
  }),
  trustProxy: declare({
    argument: '[true|false]',
    default: 'false',
    check: flag(),
    description: 'whether to believe the X-Forwarded-* headers: only behind a proxy that sets them',
  }),
  tlsCertificate: optional({
    argument: '<file>',
    check: line(),
    description: 'certificate with its chain, PEM: with it and its key the server speaks HTTPS; read again on SIGHUP',
  }),
  tlsKey: optional({
    argument: '<file>',
    check: line(),
    description: 'key of the certificate, PEM',
  }),
  metricsAddress: optional({
    argument: '<host:port>',
    check: hostAndPort(),
    description: 'where /metrics is served instead of beside srv.asmx; /healthz and /readyz are served in both places',
  }),
  handlerExpiry: declare({
    argument: '<hours>',
    default: '24',
    check: positiveNumber(24 * 365),
    description: 'how long an upload or download handler may lie idle, in hours',
  }),
  defaultChunkSize: declare({
    argument: '<bytes>',
    default: '1MiB',
    check: bytes(262_144, 33_554_432),
    description: 'chunk size for callers who have no preference',
  }),
  maxRequestLine: declare({
    argument: '<bytes>',
    default: '64KiB',
    check: bytes(8 * KIB, 16 * MIB),
    description: 'longest request line; longer ones are answered 414',
  }),
  maxDocumentSize: declare({
    argument: '<bytes>',
    default: '1GiB',
    check: bytes(1, Number.MAX_SAFE_INTEGER),
    description: 'largest content of an UploadDocument call',
  }),
  maxUploadSize: declare({
    argument: '<bytes>',
    default: '0',
    check: bytes(0, Number.MAX_SAFE_INTEGER),
    description: 'largest content of an upload in chunks; 0 for no limit',
  }),
  maxStagedBytes: declare({
    argument: '<bytes>',
    default: '100GiB',
    check: bytes(0, Number.MAX_SAFE_INTEGER),
    description: 'bytes a user may have in uploads that are not committed yet; 0 for no limit',
  }),
  maxHandlers: declare({
    argument: '<number>',
    default: '1000',
    check: wholeNumber(0, 1_000_000),
    description: 'upload and download handlers a user may have open; 0 for no limit',
  }),
  maxCallRate: declare({
    argument: '<number>',
    default: '1000',
    check: wholeNumber(0, 1_000_000),
    description: 'calls a user may make in a second, in each worker process; 0 for no limit',
  }),
  memory: declare({
    argument: '<bytes>',
    default: '128MiB',
    check: bytes(8 * MIB, 1024 * GIB),
    description: 'memory for the buffers of content in each worker process; when it is used up, callers who send wait',
  }),
  maxWaiting: declare({
    argument: '<bytes>',
    default: '1GiB',
    check: bytes(32 * MIB, Number.MAX_SAFE_INTEGER),
    description:
      'content that came before its ticket and waits for it on the disk, all together in each worker process',
  }),
  minFree: declare({
    argument: '<bytes>',
    default: '64MiB',
    check: bytes(0, Number.MAX_SAFE_INTEGER),
    description: 'space that is kept free on the disk of the data directory: new content is refused when there is less',
  }),
  readTimeout: declare({
    argument: '<seconds>',
    default: '60',
    check: positiveNumber(24 * 3600),
    description: 'how long a caller may keep the server waiting for the next bytes, in seconds',
  }),
  maxConnections: declare({
    argument: '<number>',
    default: '10000',
    check: wholeNumber(1, 1_000_000),
    description: 'connections at a time in each worker process; further ones are closed at once',
  }),
  workers: declare({
    argument: '<number>',
    default: String(Math.min(os.availableParallelism(), 4)),
    check: wholeNumber(1, 64),
    description: 'processes that share the work; by default one for each core, at most 4',
  }),
  logLevel: declare({
    argument: '<level>',
    default: 'info',
    check: oneOf('trace', 'debug', 'info', 'warn', 'error', 'fatal', 'silent'),
    description: 'least level of what is logged: trace, debug, info, warn, error, fatal or silent',
  }),
  logFormat: declare({
    argument: '<format>',
    default: 'auto',
    check: oneOf('auto', 'json', 'text'),
    description: 'json for programs, text for people, auto for text on a terminal only',
  }),
  company: declare({
    argument: '<name>',
    default: '',
    check: line(0),
    description: 'company that ServerInfo names',
  }),
  serverName: declare({
    argument: '<name>',
    default: 'Lighterage',
    check: line(0),
    description: 'server name that ServerInfo names',
  }),
};

export type SettingName = keyof typeof DECLARATIONS;

/** The settings, checked: sizes in bytes, times in the unit their description names. */
export type Settings = { readonly [Name in SettingName]: ValueOf<(typeof DECLARATIONS)[Name]> };

type ValueOf<D> = D extends Declaration<infer Value> ? Value : never;

export const SETTING_NAMES = Object.keys(DECLARATIONS) as SettingName[];

/** The settings with the text each was read from, if it is set, and where that came from: `default`, a file, a variable or a flag. */
export interface LoadedSettings {
  readonly settings: Settings;
  readonly texts: Readonly<Record<SettingName, string | undefined>>;
  readonly origins: Readonly<Record<SettingName, string>>;
}

/** A setting that cannot be used. The message is one line that names it, where it is from, and what is wrong. */
export class SettingError extends Error {
  override readonly name = 'SettingError';
}

/** Where the values of settings are looked for. */
export interface SettingSources {
  /** Texts of flags, by the name of the setting; `config` is the file. */
  readonly flags: Readonly<Partial<Record<SettingName | 'config', string>>>;
  readonly environment: Readonly<Record<string, string | undefined>>;
}

/** The file is named by a flag or a variable as settings are, but it is none. */
const CONFIG = 'config';
const PREFIX = 'LIGHTERAGE_';

/** `LIGHTERAGE_LOG_LEVEL` */
export function variableOf(name: SettingName | 'config'): string {
  return PREFIX + name.replace(/[A-Z]/g, '_$&').toUpperCase();
}

/** `--log-level` */
export function flagOf(name: SettingName | 'config'): string {
  return `--${name.replace(/[A-Z]/g, '-$&').toLowerCase()}`;
}

/** Collects the settings: flags count before the environment, that before the file, that before the defaults. @throws SettingError */
export function loadSettings(sources: SettingSources): LoadedSettings {
  const environment = readEnvironment(sources.environment);
  const file = sources.flags.config ?? environment.get(CONFIG);
  const inFile = file === undefined ? new Map<string, string>() : readFile(file);
  const find = (name: SettingName): { text: string; origin: string } | undefined => {
    const flag = sources.flags[name];
    if (flag !== undefined) return { text: flag, origin: flagOf(name) };
    const variable = environment.get(name);
    if (variable !== undefined) return { text: variable, origin: variableOf(name) };
    const entry = inFile.get(name);
    if (entry !== undefined) return { text: entry, origin: file ?? CONFIG };
    return undefined;
  };
  const found = SETTING_NAMES.map((name) => ({ name, ...readSetting(name, find(name)) }));
  return {
    settings: Object.fromEntries(found.map(({ name, value }) => [name, value])) as unknown as Settings,
    texts: Object.fromEntries(found.map(({ name, text }) => [name, text])) as LoadedSettings['texts'],
    origins: Object.fromEntries(found.map(({ name, origin }) => [name, origin])) as LoadedSettings['origins'],
  };
}

function readSetting(
  name: SettingName,
  found: { text: string; origin: string } | undefined,
): { value: unknown; text: string | undefined; origin: string } {
  const declaration: Declaration<unknown> = DECLARATIONS[name];
  const text = found?.text ?? declaration.default;
  const origin = found?.origin ?? 'default';
  if (text === undefined) return { value: undefined, text, origin };
  const { success, data, error } = declaration.check.safeParse(text);
  if (success) return { value: data, text, origin };
  const what = declaration.isSecret ? 'its value' : JSON.stringify(text);
  throw new SettingError(`Setting ${name}, from ${origin}: ${what} ${error.issues[0]?.message ?? 'is wrong'}.`);
}

/** The variables of this program, by the name of the setting. An empty one counts as not set, as is the custom with containers. */
function readEnvironment(environment: SettingSources['environment']): Map<string, string> {
  const names = new Map([CONFIG, ...SETTING_NAMES].map((name) => [variableOf(name as SettingName), name]));
  const values = new Map<string, string>();
  for (const [variable, text = ''] of Object.entries(environment)) {
    if (!variable.startsWith(PREFIX)) continue;
    const name = names.get(variable);
    if (name === undefined) throw new SettingError(`There is no setting for the variable ${variable}.`);
    if (text !== '') values.set(name, text);
  }
  return values;
}

const fileForm = z.record(z.string(), z.union([z.string(), z.number(), z.boolean()]));

function readFile(file: string): Map<string, string> {
  const entries = fileForm.safeParse(parseFile(file));
  if (!entries.success) {
    throw new SettingError(`The settings file ${file} must be a JSON object of texts, numbers and booleans.`);
  }
  const unknown = Object.keys(entries.data).find((key) => !Object.hasOwn(DECLARATIONS, key));
  if (unknown !== undefined)
    throw new SettingError(`There is no setting ${JSON.stringify(unknown)}, which is in ${file}.`);
  return new Map(Object.entries(entries.data).map(([key, value]) => [key, String(value)]));
}

function parseFile(file: string): unknown {
  let text: string;
  try {
    text = fs.readFileSync(file, 'utf8');
  } catch (error) {
    throw new SettingError(`The settings file ${file} cannot be read.`, { cause: error });
  }
  try {
    return JSON.parse(text);
  } catch {
    /* The cause would quote the text around the place, and secrets may stand there. */
    throw new SettingError(`The settings file ${file} is not JSON.`);
  }
}

function declare<Value>(declaration: {
  argument: string;
  default: string;
  check: z.ZodType<Value, string>;
  description: string;
}): Declaration<Value> {
  return { ...declaration, isSecret: false };
}

function optional<Value>(declaration: {
  argument: string;
  check: z.ZodType<Value, string>;
  description: string;
}): Declaration<Value | undefined> {
  return { ...declaration, default: undefined, isSecret: false };
}

function secret({ description }: { description: string }): Declaration<string | undefined> {
  return { description, argument: '<text>', default: undefined, check: line(), isSecret: true };
}

function line(least = 1): z.ZodType<string, string> {
  return z
    .string()
    .min(least, 'must not be empty')
    .refine((text) => !/\p{Cc}/u.test(text), 'must not contain control characters');
}

function wholeNumber(least: number, most: number): z.ZodType<number, string> {
  return converted(
    (text) => (/^\d{1,15}$/.test(text) ? Number(text) : undefined),
    (value) => value >= least && value <= most,
    `must be a whole number from ${least} to ${most}`,
  );
}

function positiveNumber(most: number): z.ZodType<number, string> {
  return converted(
    (text) => (/^\d{1,9}(?:\.\d{1,9})?$/.test(text) ? Number(text) : undefined),
    (value) => value > 0 && value <= most,
    `must be a number greater than 0, at most ${most}`,
  );
}

const UNITS = new Map([
  ['', 1],
  ['kib', KIB],
  ['mib', MIB],
  ['gib', GIB],
]);

function bytes(least: number, most: number): z.ZodType<number, string> {
  return converted(
    (text) => {
      const [, digits, unit = ''] = /^(\d{1,16}) ?([a-z]*)$/i.exec(text) ?? [];
      const factor = UNITS.get(unit.toLowerCase());
      return digits === undefined || factor === undefined ? undefined : Number(digits) * factor;
    },
    (value) => value >= least && value <= most,
    `must be a number of bytes from ${least} to ${most}, which may be written with KiB, MiB or GiB`,
  );
}

function flag(): z.ZodType<boolean, string> {
  const values = new Map([
    ['true', true],
    ['false', false],
    ['1', true],
    ['0', false],
  ]);
  return converted(
    (text) => values.get(text.toLowerCase()),
    () => true,
    'must be true or false',
  );
}

function hostAndPort(): z.ZodType<{ host: string; port: number }, string> {
  return converted(
    (text) => {
      const [, bracketed, host = bracketed, port] = HOST_AND_PORT.exec(text) ?? [];
      return host === undefined ? undefined : { host, port: Number(port) };
    },
    ({ port }) => port <= 65_535,
    'must be an address and a port, as in 127.0.0.1:9090',
  );
}

const HOST_AND_PORT = /^(?:\[([^\]]+)\]|([^:]+)):(\d{1,5})$/;

function oneOf<const Choice extends string>(...choices: readonly Choice[]): z.ZodType<Choice, string> {
  return converted(
    (text) => choices.find((choice) => choice === text),
    () => true,
    `must be one of ${choices.join(', ')}`,
  );
}

/** A check by a conversion, which gives undefined for what cannot be converted, and a range. */
function converted<Value>(
  convert: (text: string) => Value | undefined,
  isInRange: (value: Value) => boolean,
  message: string,
): z.ZodType<Value, string> {
  return z.string().transform((text, context) => {
    const value = convert(text.trim());
    if (value !== undefined && isInRange(value)) return value;
    context.addIssue(message);
    return z.NEVER;
  });
}
