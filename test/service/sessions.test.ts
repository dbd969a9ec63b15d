import { type Ticket, ticketHash } from '../../src/accounts/ticket.js';
import { type Answer, answer, GUID, refused, valueOf } from '../support/answer.js';
import { POST } from '../support/bindings.js';
import { call, Caller } from '../support/caller.js';
import { RunningService, USER_PASSWORD } from '../support/running-service.js';

/* How long a ticket is good, and what ends with it. */

let service: RunningService;

beforeAll(async () => {
  service = await RunningService.start();
  await service.addUsers('anna', 'bert');
});

afterAll(() => service.end());

const DAY_MS = 24 * 60 * 60 * 1000;
const EXPIRED = '[901] Session expired or Invalid ticket';

/** A session that was used last so long ago. */
async function usedBefore(ms: number): Promise<{ caller: Caller; usedAt: number }> {
  const caller = await service.trust('anna');
  const usedAt = Date.now() - ms;
  await service.database((queries) =>
    queries
      .updateTable('sessions')
      .set({ used_at: usedAt })
      .where('ticket_hash', '=', ticketHash(caller.ticket as Ticket))
      .execute(),
  );
  return { caller, usedAt };
}

const renew = (OldTicket: string, password = USER_PASSWORD): Promise<Answer> =>
  call(service, POST, 'RenewTicket', { UID: 'ANNA', PWD: password, Lang: '', OldTicket });

const isValid = (caller: Caller): Promise<Answer> => caller.call('isValidTicket');

/** A time as it is written, ms since 1970: whole seconds. */
const written = (ms: number): number => Math.floor(ms / 1000) * 1000;

describe('A ticket', () => {
  test('is good for 30 days from its last use; to ask whether it is valid is none', async () => {
    const { caller, usedAt } = await usedBefore(10 * DAY_MS);
    for (let asked = 0; asked < 2; asked++) {
      expect(Date.parse(valueOf(await isValid(caller), 'expireOn'))).toBe(written(usedAt + 30 * DAY_MS));
    }
    const before = Date.now();
    await caller.call('FolderExists', { Path: '/Public' });
    const expiresOn = Date.parse(valueOf(await isValid(caller), 'expireOn'));
    expect(expiresOn).toBeGreaterThanOrEqual(written(before + 30 * DAY_MS));
    expect(expiresOn).toBeLessThanOrEqual(Date.now() + 30 * DAY_MS);
  });

  test('is good up to the last moment, and its use then lets it live on', async () => {
    const { caller } = await usedBefore(30 * DAY_MS - 60_000);
    expect(await caller.call('FolderExists', { Path: '/Public' })).toEqual(answer('response', { success: 'true' }));
    expect(Date.parse(valueOf(await isValid(caller), 'expireOn'))).toBeGreaterThan(Date.now() + 29 * DAY_MS);
  });

  test('is kept by a renewal, which is a use', async () => {
    const { caller } = await usedBefore(10 * DAY_MS);
    const renewed = await renew(caller.ticket.toUpperCase());
    expect(valueOf(renewed, 'ticket')).toBe(caller.ticket);
    expect(Date.parse(valueOf(renewed, 'expireOn'))).toBeGreaterThan(Date.now() + 29 * DAY_MS);
  });

  test.each([
    ['has expired', async () => (await usedBefore(30 * DAY_MS)).caller.ticket],
    ["is another user's", async () => (await service.trust('bert')).ticket],
    ['never was one', () => '3f2504e0-4f89-11d3-9a0c-0305e82c3301'],
  ])('is replaced by a renewal when it %s', async (_why, oldTicket) => {
    const ticket = await oldTicket();
    const renewed = await renew(ticket);
    expect([valueOf(renewed, 'username'), valueOf(renewed, 'ticket')]).toEqual(['anna', GUID]);
    expect(valueOf(renewed, 'ticket')).not.toBe(ticket);
  });

  test('does not stand for the password in a renewal', async () => {
    const { ticket } = await service.trust('anna');
    expect(await renew(ticket, 'another')).toEqual(refused('root', '[900] Authentication failed'));
  });

  test('is not kept in clear', async () => {
    const { ticket } = await service.trust('anna');
    const sessions = await service.database((queries) => queries.selectFrom('sessions').selectAll().execute());
    expect(JSON.stringify(sessions)).toContain(ticketHash(ticket as Ticket));
    expect(JSON.stringify(sessions)).not.toContain(ticket);
  });
});

describe('The end of a session', () => {
  test('takes its handlers along, and what they staged, and leaves those of another session of the user', async () => {
    const [leaving, staying] = [await service.trust('anna'), await service.trust('anna')];
    await staying.store('/Public/a.txt', Buffer.from('a'));
    const count = (): Promise<number[]> =>
      service.database(async (queries) => {
        const uploads = await queries.selectFrom('upload_handlers').select('id').execute();
        const downloads = await queries.selectFrom('download_handlers').select('id').execute();
        return [uploads.length, downloads.length];
      });

    for (const caller of [leaving, staying]) {
      await caller.sendChunk(await caller.openUpload(), Buffer.from('staged'));
      await caller.openDownload('/Public/a.txt');
      await caller.call('DownloadZipWithHandler', { Paths: '/Public' });
    }
    const [uploads = 0, downloads = 0] = await count();
    expect(await leaving.call('LogOut')).toEqual(answer('root', { success: 'true' }));
    expect(await count()).toEqual([uploads - 1, downloads - 2]);
    expect(await service.command(['check'])).toMatch(/^All content is there/);
  });

  test('comes once', async () => {
    const caller = await service.trust('anna');
    await caller.call('LogOut');
    expect(await caller.call('LogOut')).toEqual(refused('root', EXPIRED));
  });
});
