import type { User } from '../../src/accounts/user.js';
import { findContent } from '../../src/contract/element-writer.js';
import type { ContentSource, Element, Result } from '../../src/contract/result.js';
import { libraryOperations } from '../../src/operations/library.js';
import { type Operation, refusal } from '../../src/operations/operation.js';
import { Failure } from '../../src/values/failure.js';
import { newGuid } from '../../src/values/guid.js';
import { PRODUCT_VERSION } from '../../src/values/product-version.js';
import type { VersionNumber } from '../../src/values/version-number.js';
import { ADDRESS, openRooms, type Rooms } from '../support/rooms.js';
import { turnsDuring } from '../support/turns-during.js';

let rooms: Rooms;
let operations: ReturnType<typeof libraryOperations>;
let anna: User;
let ticket: string;

beforeEach(async () => {
  rooms = await openRooms();
  operations = libraryOperations({ ...rooms, identity: { company: 'Example & Co', serverName: 'Pier 4' } });
  anna = await rooms.users.add({ name: 'anna', password: 'secret' });
  ({ ticket } = await rooms.sessions.logIn('anna', 'secret', ADDRESS));
  await rooms.libraries.add('Public', 'write');
});

afterEach(() => rooms.close());

async function answer<Arguments>(operation: Operation<Arguments>, args: Arguments): Promise<Element> {
  const result = await operation.run(args, { address: '127.0.0.1' }).catch((error: unknown) => {
    if (error instanceof Failure) return refusal(operation.root, error);
    throw error;
  });
  if (result.kind !== 'element') throw new Error('The answer is no element.');
  return result.element;
}

/** Attributes in their order. */
const ordered = (element: Element): [string, string][] => Object.entries(element.attributes);

const failed = (error: string): [string, string][] => [
  ['success', 'false'],
  ['error', error],
];

/** Every operation of the family that takes a ticket and a path. */
const onPath: [string, (ticket: string, path: string) => Promise<Element>, string][] = [
  [
    'CreateFolder',
    (t, Path) => answer(operations.CreateFolder, { authenticationTicket: t, Path }),
    'Folder not found.',
  ],
  [
    'FolderExists',
    (t, Path) => answer(operations.FolderExists, { authenticationTicket: t, Path }),
    'Folder not found.',
  ],
  [
    'DocumentExists',
    (t, Path) => answer(operations.DocumentExists, { authenticationTicket: t, Path }),
    'Document not found.',
  ],
  [
    'GetDocumentVersions',
    (t, Path) => answer(operations.GetDocumentVersions, { AuthenticationTicket: t, Path }),
    'Document not found.',
  ],
];

describe.each(onPath)('%s', (_, run, notFound) => {
  test('refuses a caller without a ticket', async () => {
    expect(ordered(await run('', '/Public'))).toEqual(failed('[900] Authentication failed'));
  });

  test('refuses a ticket that is no good', async () => {
    expect(ordered(await run(newGuid(), '/Public'))).toEqual(failed('[901] Session expired or Invalid ticket'));
  });

  test('answers a path that names nothing as the contract has it, on the root it has', async () => {
    const element = await run(ticket, '/Nowhere/nothing');
    expect(element.name).toBe('response');
    expect(ordered(element)).toEqual(failed(notFound));
  });

  test('answers a path the caller may not read in the same way', async () => {
    await rooms.folders.createPath(anna, '/Public/Reports');
    await rooms.commit(anna, '/Public/Reports/a.txt');
    await rooms.libraries.grantEveryone('Public', 'none');
    for (const path of ['/Public/Reports', '/Public/Reports/a.txt', '~D1', '~F2']) {
      expect(ordered(await run(ticket, path))).toEqual(failed(notFound));
    }
  });
});

test('CreateFolder answers with the number and the name of the folder', async () => {
  const element = await answer(operations.CreateFolder, { authenticationTicket: ticket, Path: '/public/a/Reports' });
  expect(element.name).toBe('response');
  expect(ordered(element)).toEqual([
    ['success', 'true'],
    ['FolderId', '3'],
    ['FolderName', 'Reports'],
  ]);
});

test('CreateFolder needs the right to write', async () => {
  await rooms.libraries.grantEveryone('Public', 'read');
  const element = await answer(operations.CreateFolder, { authenticationTicket: ticket, Path: '/Public/a' });
  expect(ordered(element)).toEqual(failed('Access denied.'));
});

test('FolderExists answers success for a folder and for a library', async () => {
  await rooms.folders.createPath(anna, '/Public/Reports');
  for (const Path of ['/Public', '/PUBLIC/reports/', '~F2']) {
    const element = await answer(operations.FolderExists, { authenticationTicket: ticket, Path });
    expect(ordered(element)).toEqual([['success', 'true']]);
  }
});

test('FolderExists answers an error for a document', async () => {
  await rooms.commit(anna, '/Public/a.txt');
  const element = await answer(operations.FolderExists, { authenticationTicket: ticket, Path: '/Public/a.txt' });
  expect(ordered(element)).toEqual(failed('Folder not found.'));
});

test('DocumentExists answers with the checksums of the latest version and of the published one', async () => {
  await rooms.commit(anna, '/Public/a.txt', {}, Buffer.from('hello'));
  const args = { authenticationTicket: ticket, Path: '/Public/a.txt' };
  expect(ordered(await answer(operations.DocumentExists, args))).toEqual([
    ['success', 'true'],
    ['CRC32LASTVERSION', '3610a686'],
    ['CRC32', '3610a686'],
  ]);
  await rooms.commit(anna, '/Public/a.txt', { publish: false }, Buffer.alloc(0));
  expect(ordered(await answer(operations.DocumentExists, args))).toEqual([
    ['success', 'true'],
    ['CRC32LASTVERSION', '00000000'],
    ['CRC32', '3610a686'],
  ]);
});

test('DocumentExists has no checksum of a published version when there is none', async () => {
  await rooms.commit(anna, '/Public/a.txt', { publish: false });
  const element = await answer(operations.DocumentExists, { authenticationTicket: ticket, Path: '/Public/a.txt' });
  expect(element.attributes['CRC32']).toBe('');
});

test('GetDocumentVersions lists every version, the latest first, each with all elements in their order', async () => {
  await rooms.commit(anna, '/Public/a.txt', { comment: 'first' }, Buffer.from('hello'));
  rooms.clock.time += 60_000;
  await rooms.commit(anna, '/Public/a.txt', { publish: false }, Buffer.from('hello again'));
  const element = await answer(operations.GetDocumentVersions, { AuthenticationTicket: ticket, Path: '~D1' });
  const version = (number: string, texts: string[]): Element => ({
    name: 'Version',
    attributes: { Number: number },
    children: [
      'VersionAuthor',
      'VersionAuthorId',
      'VersionSize',
      'CheckSum',
      'DateCreated',
      'DatePublished',
      'Comment',
      'ApprovalStatus',
      'ApprovalDate',
    ].map((name, n) => ({ name, attributes: {}, children: texts[n] ? [texts[n]] : [] })),
  });
  expect(element).toEqual({
    name: 'response',
    attributes: { success: 'true' },
    children: [
      {
        name: 'Versions',
        attributes: {},
        children: [
          version('1000001', ['anna', '1', '11', 'a49c5b3a', '2024-06-15T09:31:00Z']),
          version('1000000', ['anna', '1', '5', '3610a686', '2024-06-15T09:30:00Z', '2024-06-15T09:30:00Z', 'first']),
        ],
      },
    ],
  });
});

test('While many ask for versions others have some turns after each page, the more the longer it is, and none is read for who has left', async () => {
  await rooms.commit(anna, '/Public/a.txt');
  const args = { AuthenticationTicket: ticket, Path: '/Public/a.txt' };
  const ask = () => answer(operations.GetDocumentVersions, args);
  const turnsOfTwenty = () => turnsDuring(() => Promise.all(Array.from({ length: 20 }, ask)));
  expect(await turnsOfTwenty()).toBeLessThan(100);
  await addVersions(95);
  expect(await turnsOfTwenty()).toBeGreaterThanOrEqual(190);
  const left = new AbortController();
  const call = { address: ADDRESS, gone: left.signal };
  const asked = operations.GetDocumentVersions.run(args, call);
  left.abort(new Error('left'));
  await expect(asked).rejects.toThrow('left');
});

test('So it is while long histories are sent', async () => {
  await rooms.commit(anna, '/Public/a.txt');
  await addVersions(150);
  const left = new AbortController();
  const ask = () =>
    operations.GetDocumentVersions.run(
      { AuthenticationTicket: ticket, Path: '/Public/a.txt' },
      { address: ADDRESS, gone: left.signal },
    );
  const contents = (await Promise.all(Array.from({ length: 10 }, ask))).map(contentOf);
  const prepare = async (content: ContentSource, position: number): Promise<void> => content.prepare?.(position);
  const turns = await turnsDuring(() => Promise.all(contents.map((content) => prepare(content, 0))));
  expect(turns).toBeGreaterThanOrEqual(90);
  left.abort(new Error('left'));
  for (const content of contents) await expect(prepare(content, content.length - 1)).rejects.toThrow('left');
});

/** Gives the only document so many versions more. */
async function addVersions(count: number): Promise<void> {
  const first = await rooms.database.queries.selectFrom('versions').selectAll().executeTakeFirstOrThrow();
  const versions = Array.from({ length: count }, (_, n) => ({
    ...first,
    number: (first.number + 1 + n) as VersionNumber,
    content_id: newGuid(),
  }));
  await rooms.database.queries.insertInto('versions').values(versions).execute();
}

/** The content in an element. */
function contentOf(result: Result): ContentSource {
  const content = result.kind === 'element' ? findContent(result.element) : undefined;
  if (!content) throw new Error('There is no content in the answer.');
  return content;
}

test('What is known about documents can be read while their library is offline', async () => {
  await rooms.commit(anna, '/Public/a.txt');
  await rooms.libraries.takeOffline('Public');
  const args = { authenticationTicket: ticket, AuthenticationTicket: ticket, Path: '/Public/a.txt' };
  expect((await answer(operations.DocumentExists, args)).attributes['success']).toBe('true');
  expect((await answer(operations.GetDocumentVersions, args)).attributes['success']).toBe('true');
});

test('ServerInfo answers anybody', async () => {
  const element = await answer(operations.ServerInfo, {});
  expect(element.name).toBe('root');
  const minutes = -new Date(rooms.clock.time).getTimezoneOffset();
  const local = new Date(rooms.clock.time + minutes * 60_000).toISOString().slice(0, 19);
  expect(ordered(element)).toEqual([
    ['success', 'true'],
    ['VersionNumber', PRODUCT_VERSION],
    ['Server_date_time', local],
    ['Coordinated_Universal_Time', '2024-06-15T09:30:00Z'],
    ['UTC_Offset', expect.stringMatching(/^[+-]\d{2}:\d{2}$/)],
    ['Company', 'Example & Co'],
    ['ServerName', 'Pier 4'],
  ]);
});
