import fs from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import {
  type Declaration,
  DECLARATIONS,
  flagOf,
  loadSettings,
  SETTING_NAMES,
  SettingError,
  type SettingSources,
  variableOf,
} from '../src/settings.js';
import { scratchDirectory } from './support/scratch-directory.js';

let directory: string;

beforeAll(() => {
  directory = scratchDirectory();
});

afterAll(() => fs.rm(directory, { recursive: true }));

const load = (sources: Partial<SettingSources> = {}) => loadSettings({ flags: {}, environment: {}, ...sources });

async function settingsFile(content: unknown): Promise<string> {
  const file = path.join(directory, 'settings.json');
  await fs.writeFile(file, typeof content === 'string' ? content : JSON.stringify(content));
  return file;
}

test('Without anything set, the defaults hold', () => {
  const { settings, origins } = load();
  expect(settings).toEqual({
    host: '127.0.0.1',
    port: 8080,
    data: './data',
    adminUser: 'admin',
    adminPassword: undefined,
    trustedPassword: undefined,
    passwordCost: 15,
    trustProxy: false,
    handlerExpiry: 24,
    defaultChunkSize: 1_048_576,
    maxRequestLine: 65_536,
    maxDocumentSize: 1_073_741_824,
    maxUploadSize: 0,
    maxStagedBytes: 107_374_182_400,
    maxHandlers: 1000,
    maxCallRate: 1000,
    memory: 134_217_728,
    maxWaiting: 1_073_741_824,
    minFree: 67_108_864,
    readTimeout: 60,
    maxConnections: 10_000,
    workers: Math.min(os.availableParallelism(), 4),
    logLevel: 'info',
    logFormat: 'auto',
    company: '',
    serverName: 'Lighterage',
  });
  expect(new Set(Object.values(origins))).toEqual(new Set(['default']));
});

test.each(SETTING_NAMES)('%s can be set by its variable, which is named after it', (name) => {
  const declaration: Declaration<unknown> = DECLARATIONS[name];
  const text = declaration.default ?? 'example:9090';
  const { settings, texts, origins } = load({ environment: { [variableOf(name)]: text } });
  expect(settings[name]).toEqual(declaration.check.parse(text));
  expect(texts[name]).toBe(text);
  expect(origins[name]).toBe(text === '' ? 'default' : variableOf(name));
});

test('Names give variables and flags', () => {
  expect(variableOf('defaultChunkSize')).toBe('LIGHTERAGE_DEFAULT_CHUNK_SIZE');
  expect(flagOf('defaultChunkSize')).toBe('--default-chunk-size');
});

test('A flag counts before a variable, that before the file, that before the default', async () => {
  const config = await settingsFile({ host: 'file', port: 1, workers: 3, trustProxy: true });
  const { settings, origins } = load({
    flags: { config, host: 'flag' },
    environment: { LIGHTERAGE_HOST: 'variable', LIGHTERAGE_PORT: '2' },
  });
  expect(settings).toMatchObject({ host: 'flag', port: 2, workers: 3, trustProxy: true, logLevel: 'info' });
  expect(origins).toMatchObject({
    host: '--host',
    port: 'LIGHTERAGE_PORT',
    workers: config,
    trustProxy: config,
    logLevel: 'default',
  });
});

test('The file can be named by a variable', async () => {
  const file = await settingsFile({ port: '9000' });
  expect(load({ environment: { LIGHTERAGE_CONFIG: file } }).settings.port).toBe(9000);
});

test('An empty variable counts as not set, variables of others are left alone', () => {
  const { settings } = load({ environment: { LIGHTERAGE_PORT: '', PORT: 'x', LIGHTER_PORT: 'y' } });
  expect(settings.port).toBe(8080);
});

test.each([
  ['memory', '8388608', 8_388_608],
  ['memory', '64MiB', 67_108_864],
  ['memory', '64 mib', 67_108_864],
  ['memory', '2GiB', 2_147_483_648],
  ['defaultChunkSize', '256KiB', 262_144],
  ['defaultChunkSize', '33554432', 33_554_432],
  ['port', '0', 0],
  ['handlerExpiry', '0.5', 0.5],
  ['trustProxy', 'TRUE', true],
  ['trustProxy', '0', false],
  ['metricsAddress', '127.0.0.1:9090', { host: '127.0.0.1', port: 9090 }],
  ['metricsAddress', '[::1]:9090', { host: '::1', port: 9090 }],
  ['logFormat', 'json', 'json'],
] as const)('%s can be %j', (name, text, value) => {
  expect(load({ flags: { [name]: text } }).settings[name]).toEqual(value);
});

test.each([
  ['port', '65536', 'must be a whole number from 0 to 65535'],
  ['port', '-1', 'must be a whole number from 0 to 65535'],
  ['port', '80.5', 'must be a whole number from 0 to 65535'],
  ['port', '0x50', 'must be a whole number from 0 to 65535'],
  ['port', '', 'must be a whole number from 0 to 65535'],
  ['host', '', 'must not be empty'],
  ['workers', '0', 'must be a whole number from 1 to 64'],
  ['handlerExpiry', '0', 'must be a number greater than 0, at most 8760'],
  ['readTimeout', 'soon', 'must be a number greater than 0, at most 86400'],
  ['trustProxy', 'yes', 'must be true or false'],
  ['passwordCost', '9', 'must be a whole number from 10 to 20'],
  ['logLevel', 'loud', 'must be one of trace, debug, info, warn, error, fatal, silent'],
  ['metricsAddress', '9090', 'must be an address and a port, as in 127.0.0.1:9090'],
  ['metricsAddress', 'localhost:65536', 'must be an address and a port, as in 127.0.0.1:9090'],
  ['logFormat', 'xml', 'must be one of auto, json, text'],
  [
    'defaultChunkSize',
    '262143',
    'must be a number of bytes from 262144 to 33554432, which may be written with KiB, MiB or GiB',
  ],
  [
    'defaultChunkSize',
    '1MB',
    'must be a number of bytes from 262144 to 33554432, which may be written with KiB, MiB or GiB',
  ],
] as const)('%s cannot be %j', (name, text, message) => {
  expect(() => load({ flags: { [name]: text } })).toThrow(
    new SettingError(`Setting ${name}, from ${flagOf(name)}: ${JSON.stringify(text)} ${message}.`),
  );
});

test('A wrong value is told with the variable or the file it comes from', async () => {
  expect(() => load({ environment: { LIGHTERAGE_PORT: 'x' } })).toThrow(
    'Setting port, from LIGHTERAGE_PORT: "x" must be a whole number from 0 to 65535.',
  );
  const config = await settingsFile({ port: 'y' });
  expect(() => load({ flags: { config } })).toThrow(`Setting port, from ${config}: "y" must be`);
});

test('A wrong secret is told without its value', () => {
  expect(() => load({ environment: { LIGHTERAGE_ADMIN_PASSWORD: 'hush\u0007' } })).toThrow(
    new SettingError(
      'Setting adminPassword, from LIGHTERAGE_ADMIN_PASSWORD: its value must not contain control characters.',
    ),
  );
});

test('A variable that belongs to no setting is an error', () => {
  expect(() => load({ environment: { LIGHTERAGE_PROT: '80' } })).toThrow(
    new SettingError('There is no setting for the variable LIGHTERAGE_PROT.'),
  );
});

test.each([
  [{ prot: 80 }, /^There is no setting "prot", which is in .*settings\.json\.$/],
  [{ PORT: 80 }, /^There is no setting "PORT"/],
  [{ toString: 'x' }, /^There is no setting "toString"/],
  [{ config: 'other.json' }, /^There is no setting "config"/],
  [[], /must be a JSON object of texts, numbers and booleans\.$/],
  ['null', /must be a JSON object/],
  [{ port: null }, /must be a JSON object/],
  [{ port: { number: 80 } }, /must be a JSON object/],
  ['port=80', /settings\.json is not JSON\.$/],
])('A file with %j is an error', async (content, message) => {
  const config = await settingsFile(content);
  expect(() => load({ flags: { config } })).toThrow(SettingError);
  expect(() => load({ flags: { config } })).toThrow(message);
});

test('A file that is not there is an error', () => {
  expect(() => load({ flags: { config: path.join(directory, 'none.json') } })).toThrow(/none\.json cannot be read\.$/);
});
