import { gunzipSync } from 'node:zlib';
import { pattern } from './answers.js';
import { exchange, type WireAnswer } from './exchange.js';
import { type Answer, isDriven, type Row, type Service } from './row.js';
import { type RunningService, startProbe, startSrv } from './services.js';
import { TABLE } from './table.js';

const services = {} as Record<Service, RunningService>;

beforeAll(async () => {
  services.probe = await startProbe();
  services.srv = await startSrv();
});

afterAll(async () => {
  await services.probe.stop();
  await services.srv.stop();
});

describe.each(TABLE)('$title', ({ rows, service }) => {
  test.each(rows.filter(isDriven))('$name', async (row) => {
    const { port } = services[row.service ?? service];
    expectAnswer(await exchange(port, row.request), expectedOf(row));
  });
});

test('every row has a name of its own in its section', () => {
  for (const { rows } of TABLE) {
    const names = rows.map(({ name }) => name);
    expect(names).toEqual([...new Set(names)]);
  }
});

function expectedOf({ asmx, difference }: Row): Answer {
  return difference?.ours ?? asmx;
}

function expectAnswer(actual: WireAnswer, { body, contentType, headers = {}, status }: Answer): void {
  const text = textOf(actual);
  const named = Object.keys(headers).map((name) => [name, actual.headers.get(name)] as const);
  const shown = {
    status: actual.status,
    contentType: actual.headers.get('content-type'),
    headers: Object.fromEntries(named),
  };
  const type = contentType === undefined ? undefined : pattern(contentType);
  const expected = {
    status,
    contentType: type instanceof RegExp ? (expect.stringMatching(type) as string) : type,
    headers,
  };
  if (typeof body === 'string') {
    expect({ ...shown, body: text }).toEqual({ ...expected, body });
  } else {
    expect(shown).toEqual(expected);
    expect(text).toMatch(body);
  }
}

/** The body with its Content-Encoding undone. */
function textOf({ body, headers }: WireAnswer): string {
  return (headers.get('content-encoding') === 'gzip' ? gunzipSync(body) : body).toString();
}
