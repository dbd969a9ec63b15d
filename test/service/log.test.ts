import { loadContract } from '../../src/contract/wsdl-reader.js';
import { makeLog } from '../../src/log.js';
import { AssembledService } from '../support/assembled-service.js';
import { type Arguments, GET, POST, send, SOAP_11, SOAP_12 } from '../support/bindings.js';
import type { Caller } from '../support/caller.js';

let service: AssembledService;
let caller: Caller;
const lines: string[] = [];

beforeAll(async () => {
  const log = makeLog('trace', { write: (line) => void lines.push(line) });
  service = await AssembledService.start({
    users: ['anna'],
    log,
    settings: { trustProxy: 'true', passwordCost: '10' },
  });
  caller = await service.trust('anna');
  await caller.store('/Public/a.txt', Buffer.from('a'));
});

beforeEach(() => void lines.splice(0));

afterAll(() => service.end());

/** What nobody may find in the log, wherever it was put. */
const SECRET = 'S3cretOfAnna';

const PLAIN = { method: 'GET', headers: {} } as const;

function outcomes(): unknown[] {
  return lines.map((line) => (JSON.parse(line) as { outcome: unknown }).outcome);
}

test.each([
  ['the question mark is escaped', `/srv.asmx/AuthenticateUser%3FUID=anna&PWD=${SECRET}`, 'unknown operation'],
  ['the question mark is forgotten', `/srv.asmx/AuthenticateUser&UID=anna&PWD=${SECRET}`, 'unknown operation'],
  ['the name is in another case', `/srv.asmx/authenticateuser?UID=anna&PWD=${SECRET}`, 'unknown operation'],
  [
    'it follows a boolean',
    `/srv.asmx/DownloadZipWithHandler?Paths=/&partialResult=true%26authenticationTicket=${SECRET}`,
    'partialResult is not of type boolean',
  ],
  [
    'it follows a number',
    `/srv.asmx/DownloadFileChunk?StartOffset=0%26PWD=${SECRET}`,
    'StartOffset is not of type long',
  ],
])('A secret in a wrong place of an address is not in the log: %s', async (_, path, outcome) => {
  await send(service.url, { ...PLAIN, path });
  expect(outcomes()).toEqual([outcome]);
  expect(lines.join('')).not.toContain(SECRET);
});

test.each([
  ['the SOAPAction', { 'Content-Type': 'text/xml', SOAPAction: SECRET }, '<a/>'],
  ['the action', { 'Content-Type': `application/soap+xml; action="${SECRET}"` }, '<a/>'],
  ['the Content-Type', { 'Content-Type': SECRET }, ''],
  ['the Content-Encoding', { 'Content-Type': 'text/xml', 'Content-Encoding': SECRET }, ''],
  ['markup', { 'Content-Type': 'text/xml' }, `<a><${SECRET}></a>`],
  ['an entity', { 'Content-Type': 'text/xml' }, `<a>&${SECRET};</a>`],
  ['the namespace of the envelope', { 'Content-Type': 'text/xml' }, `<Envelope xmlns="${SECRET}"/>`],
])('A secret in %s of a SOAP message is not in the log', async (_, headers, body) => {
  const { status } = await send(service.url, { method: 'POST', path: '/srv.asmx', headers, body });
  expect(status).toBeGreaterThanOrEqual(400);
  expect(lines).toHaveLength(1);
  expect(lines.join('')).not.toContain(SECRET);
});

test('A service that is not to be had is no error of the server', async () => {
  const headers = { 'Content-Type': 'application/json' };
  await send(service.url, { method: 'POST', path: '/srv.asmx/LogOut', headers, body: '{}' });
  expect(outcomes()).toEqual(['unsupported media type']);
  expect(JSON.parse(lines.join(''))).toHaveProperty('level', 30);
});

test('An envelope of another version than its type is no error of the server', async () => {
  const headers = { 'Content-Type': 'application/soap+xml' };
  const body = '<Envelope xmlns="http://schemas.xmlsoap.org/soap/envelope/"><Body/></Envelope>';
  const { status } = await send(service.url, { method: 'POST', path: '/srv.asmx', headers, body });
  expect([status, ...outcomes()]).toEqual([415, 'unsupported media type']);
});

const operations = [...loadContract().operations.values()];
const parameters = operations.flatMap(({ name, parameters: all }) =>
  all.map((parameter) => [name, parameter.name, parameter.type] as const),
);
let calls = 0;
const shapes = [SECRET, `/Public/${SECRET}`, `/Public/a.txt/${SECRET}`, `<xmlparameters><${SECRET}></xmlparameters>`];

test.each(parameters)(
  'A secret given to %s as %s is neither in the log nor the reason in the audit',
  async (name, parameter, type) => {
    const operation = operations.find((each) => each.name === name);
    const isContent = type === 'base64Binary';
    for (const shape of isContent ? ['!'.repeat(9) + SECRET] : shapes) {
      for (const binding of isContent ? [GET, POST, SOAP_11] : [GET, SOAP_12]) {
        const ticket = operation?.parameters.find((each) => /ticket$/i.test(each.name));
        const path = operation?.parameters.find((each) => /^paths?$/i.test(each.name));
        const args: Arguments = {
          ...(ticket ? { [ticket.name]: caller.ticket } : {}),
          ...(path ? { [path.name]: '/Public/a.txt' } : {}),
          [parameter]: shape,
        };
        const request = await binding.request(name, args);
        /* Each comes from elsewhere, or failed log-ins would have to wait. */
        const headers = { ...request.headers, 'X-Forwarded-For': `10.0.${Math.floor(++calls / 256)}.${calls % 256}` };
        await send(service.url, { ...request, headers });
      }
    }
    expect(lines.length).toBeGreaterThan(0);
    expect(lines.join('')).not.toContain(SECRET);
    const audit = await service.database.queries.selectFrom('audit').select('outcome').execute();
    expect(JSON.stringify(audit)).not.toContain(SECRET);
  },
);

test('A name that is taken is not in the log', async () => {
  await caller.store(`/Public/${SECRET}`, Buffer.from('a'));
  expect(await caller.call('CreateFolder', { Path: `/Public/${SECRET}` })).toHaveProperty('name', 'response');
  expect(outcomes()).toContain('There is a document of that name already.');
  expect(lines.join('')).not.toContain(SECRET);
});

test('A long reason is cut in the audit', async () => {
  await service.rooms.audit.recordAlone({ address: 'test' }, { action: 'zip', error: 'x'.repeat(10_000) });
  const { queries } = service.database;
  const last = await queries.selectFrom('audit').select('outcome').orderBy('id', 'desc').executeTakeFirst();
  expect(last?.outcome).toBe('x'.repeat(200));
});
