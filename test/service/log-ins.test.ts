import { valueOf } from '../support/answer.js';
import { POST } from '../support/bindings.js';
import { call } from '../support/caller.js';
import { ADMIN, RunningService } from '../support/running-service.js';

let service: RunningService;

beforeEach(async () => {
  service = await RunningService.start({ trustProxy: 'true' });
});

afterEach(() => service.end());

const FAILED = '[900] Authentication failed';

/** Logs in from an address, as a proxy tells it. Returns the error text, empty when there is none. */
async function logInFrom(address: string, name: string, password: string): Promise<string> {
  const args = { UID: name, PWD: password };
  const answered = await call(service, POST, 'AuthenticateUser', args, { headers: { 'X-Forwarded-For': address } });
  return valueOf(answered, 'success') === 'true' ? '' : valueOf(answered, 'error');
}

test('Failures are counted by the address a trusted proxy names; another address does not wait for them', async () => {
  for (let n = 0; n < 5; n++) expect(await logInFrom('198.51.100.7', ADMIN.name, 'wrong')).toBe(FAILED);
  /* The sixth waits. Those who come from elsewhere, even when they say they were there before, do not. */
  let hasWaited = false;
  const sixth = logInFrom('198.51.100.7', ADMIN.name, 'wrong').then((error) => {
    hasWaited = true;
    return error;
  });
  expect(await logInFrom('198.51.100.7, 192.0.2.1', ADMIN.name, ADMIN.password)).toBe('');
  expect(hasWaited).toBe(false);
  expect(await sixth).toBe(FAILED);
});

test('While a flood of log-ins is checked, others upload, commit and read as ever', async () => {
  await service.end();
  service = await RunningService.start({ trustProxy: 'true', passwordCost: '15' });
  const admin = await service.logIn();
  let answered = 0;
  const flood = Array.from({ length: 8 }, async (_, n) => {
    await logInFrom(`192.0.2.${n}`, `user ${n}`, 'any');
    answered++;
  });
  const bytes = Buffer.alloc(300_000, 'x');
  await admin.store('/Public/a.txt', bytes);
  expect(await admin.download('/Public/a.txt')).toEqual(bytes);
  expect(answered).toBeLessThan(8);
  await Promise.all(flood);
});
