import { type Answer, answer, elementsIn, matching, NUMBER, refused, textIn, valueOf } from '../support/answer.js';
import { type Arguments, POST } from '../support/bindings.js';
import type { Caller } from '../support/caller.js';
import { RunningService } from '../support/running-service.js';

/* What becomes of an upload when it is committed: the document, its versions and their numbers, its lock. */

let service: RunningService;
let anna: Caller;
let bert: Caller;

beforeAll(async () => {
  service = await RunningService.start();
  await service.addUsers('anna', 'bert');
  await service.command(['library', 'add', 'Guarded', '--everyone', 'read']);
  anna = await service.trust('anna');
  bert = await service.trust('bert');
});

afterAll(async () => {
  await service.command(['check']);
  await service.end();
});

const BYTES = Buffer.from('the first version');
const OTHER_BYTES = Buffer.from('another version');

let documents = 0;
/** A path that nothing has. */
const newPath = (): string => `/Public/document ${++documents}.txt`;

const versioned = (VersionId: string): Answer => answer('root', { success: 'true', DocumentId: NUMBER, VersionId });

/** Makes a new version of a document, or the document; `numbers` with UploadDocumentWithHandler2. */
async function commit(path: string, numbers?: readonly [major: number, minor: number, revision: number]) {
  const uploadHandler = await anna.upload(BYTES);
  if (!numbers) return anna.call('UploadDocumentWithHandler', { path, uploadHandler });
  const [mpVersionMajor, mpVersionMinor, mpVersionRevision] = numbers;
  const versionNumber = { mpVersionMajor, mpVersionMinor, mpVersionRevision };
  return anna.call('UploadDocumentWithHandler2', { path, uploadHandler, versionComments: '', ...versionNumber });
}

const withParameters = (...items: string[]): string => `<xmlparameters>${items.join('')}</xmlparameters>`;

/** The texts of the elements of a document's versions that have this name, the latest first. */
async function historyOf(path: string, name: string): Promise<string[]> {
  return elementsIn(await anna.call('GetDocumentVersions', { Path: path }), name).map(textIn);
}

async function numbersOf(path: string): Promise<string[]> {
  const versions = elementsIn(await anna.call('GetDocumentVersions', { Path: path }), 'Version');
  return versions.map((version) => valueOf(version, 'Number'));
}

describe('The number of a version', () => {
  test('is 1.0.0 for the first, and one revision more for each that follows', async () => {
    const path = newPath();
    for (const number of ['1000000', '1000001', '1000002']) expect(await commit(path)).toEqual(versioned(number));
    expect(await numbersOf(path)).toEqual(['1000002', '1000001', '1000000']);
  });

  test.each([
    [[1, 0, 999], '1000999', '1001000'],
    [[1, 999, 999], '1999999', '2000000'],
    [[2400, 999, 998], '2400999998', '2400999999'],
  ] as const)('goes on from %j', async (set, number, next) => {
    const path = newPath();
    expect(await commit(path, set)).toEqual(versioned(number));
    expect(await commit(path)).toEqual(versioned(next));
  });

  test('has an end', async () => {
    const path = newPath();
    await commit(path, [2400, 999, 999]);
    expect(await commit(path)).toEqual(refused('root', matching(/version number/)));
    expect(await numbersOf(path)).toEqual(['2400999999']);
  });

  test('may be set for a later version, but not to one that is not greater', async () => {
    const path = newPath();
    await commit(path);
    expect(await commit(path, [1, 2, 3])).toEqual(versioned('1002003'));
    expect(await commit(path, [1, 2, 3])).toEqual(refused('root', matching(/not greater/)));
    expect(await commit(path, [1, 0, 5])).toEqual(refused('root', matching(/not greater/)));
    expect(await numbersOf(path)).toEqual(['1002003', '1000000']);
  });

  test('goes on without a gap when two upload at once', async () => {
    const path = newPath();
    const handlers = await Promise.all([anna.upload(BYTES), anna.upload(OTHER_BYTES), anna.upload(BYTES)]);
    const answers = await Promise.all(handlers.map((handler) => anna.commit(handler, path)));
    expect(answers.map((answered) => valueOf(answered, 'VersionId')).sort()).toEqual(['1000000', '1000001', '1000002']);
    expect(new Set(answers.map((answered) => valueOf(answered, 'DocumentId'))).size).toBe(1);
  });
});

describe('A commit', () => {
  test('consumes the handler', async () => {
    const handler = await anna.upload(BYTES);
    const path = newPath();
    expect(await anna.commit(handler, path)).toEqual(versioned('1000000'));
    expect(await anna.commit(handler, path)).toEqual(refused('root', matching(/does not exist/)));
    expect(await anna.call('DeleteUploadHandler', { UploadHandler: handler })).toEqual(
      answer('response', { success: 'true', error: '' }),
    );
    expect(await anna.download(path)).toEqual(BYTES);
  });

  test('of one handler twice at once is done once', async () => {
    const handler = await anna.upload(BYTES);
    const [one, other] = [newPath(), newPath()];
    const answers = await Promise.all([anna.commit(handler, one), anna.commit(handler, other)]);
    expect(answers.map((answered) => valueOf(answered, 'success')).sort()).toEqual(['false', 'true']);
    const there = await Promise.all([one, other].map((Path) => anna.call('DocumentExists', { Path })));
    expect(there.map((answered) => valueOf(answered, 'success')).sort()).toEqual(['false', 'true']);
  });

  test('of an upload that is not complete is done when it is', async () => {
    const handler = await anna.openUpload();
    const path = newPath();
    await anna.sendChunk(handler, BYTES);
    expect(await anna.commit(handler, path)).toEqual(refused('root', matching(/not complete/)));
    await anna.sendChunk(handler, OTHER_BYTES, { isLast: true });
    expect(await anna.commit(handler, path)).toEqual(versioned('1000000'));
    expect(await anna.download(path)).toEqual(Buffer.concat([BYTES, OTHER_BYTES]));
  });

  /* Each is refused for what is wrong, then done with the same handler. */
  test.each<[what: string, mend: () => Promise<unknown>, operation: string, wrong: Arguments, right: Arguments]>([
    [
      'a folder was missing',
      () => anna.createFolder('/Public/New folder'),
      'UploadDocumentWithHandler',
      { path: '/Public/New folder/a.txt' },
      { path: '/Public/New folder/a.txt' },
    ],
    [
      'the path was wrong',
      () => Promise.resolve(),
      'UploadDocumentWithHandler1',
      { path: '/Pubic/a.txt', versionComments: '' },
      { path: '/Public/mended path.txt', versionComments: '' },
    ],
    [
      'the right was missing',
      () => service.command(['library', 'grant', 'Guarded', 'anna', 'write']),
      'UploadDocumentWithHandler',
      { path: '/Guarded/a.txt' },
      { path: '/Guarded/a.txt' },
    ],
    [
      'the version was out of range',
      () => Promise.resolve(),
      'UploadDocumentWithHandler2',
      { path: '/Public/mended version.txt', mpVersionMajor: 0 },
      { path: '/Public/mended version.txt', mpVersionMajor: 1 },
    ],
    [
      'a parameter was bad',
      () => Promise.resolve(),
      'UploadDocumentWithHandler3',
      { path: '/Public/mended.txt', xmlParameters: withParameters('<item NAME="CHECKOUT" VALUE="maybe"/>') },
      { path: '/Public/mended.txt', xmlParameters: withParameters('<item NAME="CHECKOUT" VALUE="false"/>') },
    ],
    [
      'the name was taken',
      () => Promise.resolve(),
      'UploadNewDocumentWidthHandler',
      { folderPath: '/Public', documentName: 'TAKEN.txt', xmlParameters: '' },
      { folderPath: '/Public', documentName: 'not taken.txt', xmlParameters: '' },
    ],
    [
      'another user had it checked out',
      () => bert.store('/Public/in work.txt', OTHER_BYTES),
      'UploadDocumentWithHandler',
      { path: '/Public/in work.txt' },
      { path: '/Public/in work.txt' },
    ],
  ])(
    'that was refused because %s leaves the handler to be tried again',
    async (_what, mend, operation, wrong, right) => {
      await anna.store('/Public/taken.txt', BYTES);
      await bert.call('UploadDocument2', { path: '/Public/in work.txt', fileContent: OTHER_BYTES, checkout: true });
      const uploadHandler = await anna.upload(BYTES);
      expect(valueOf(await anna.call(operation, { ...wrong, uploadHandler }), 'success')).toBe('false');
      await mend();
      expect(valueOf(await anna.call(operation, { ...right, uploadHandler }), 'success')).toBe('true');
      const path = right['path'] ?? `${String(right['folderPath'])}/${String(right['documentName'])}`;
      expect(await anna.download(String(path))).toEqual(BYTES);
    },
  );
});

describe('A document that is checked out', () => {
  test.each(['UploadDocument2', 'UploadDocument3'])('by %s takes no version of another user', async (operation) => {
    const path = newPath();
    await bert.call(operation, { path, fileContent: BYTES, checkout: true });
    const locked = refused('root', matching(/checked out by "bert"/));
    expect(await commit(path)).toEqual(locked);
    expect(await anna.call('UploadDocument', { path, fileContent: OTHER_BYTES })).toEqual(locked);
    expect(await (await service.logIn()).call('UploadDocument', { path, fileContent: OTHER_BYTES })).toEqual(locked);
    expect(await numbersOf(path)).toEqual(['1000000']);
    expect(await anna.download(path)).toEqual(BYTES);
  });

  test('by xmlParameters takes no version of another user', async () => {
    const path = newPath();
    const xmlParameters = withParameters('<item NAME="CHECKOUT" VALUE="true"/>');
    await bert.call('UploadDocument4', { path, fileContent: BYTES, xmlParameters });
    expect(await commit(path)).toEqual(refused('root', matching(/checked out by "bert"/)));
  });

  test('takes a version of its user, which checks it in', async () => {
    const path = newPath();
    await bert.call('UploadDocument2', { path, fileContent: BYTES, checkout: true });
    expect(valueOf(await bert.call('UploadDocument2', { path, fileContent: BYTES, checkout: true }), 'success')).toBe(
      'true',
    );
    expect(valueOf(await commit(path), 'success')).toBe('false');
    await bert.call('UploadDocument2', { path, fileContent: BYTES, checkout: false });
    expect(await commit(path)).toEqual(versioned('1000003'));
  });
});

describe('What is said about a version', () => {
  test('is its comment, given by either way', async () => {
    /* Not as multipart, in which a form's line breaks are always CR LF. */
    const caller = anna.over(POST);
    const path = newPath();
    const comment = 'Äußerst <wichtig> & "neu"\nin zwei Zeilen';
    const xmlParameters = withParameters(
      `<item NAME="VERSIONCOMMENT" VALUE="Äußerst &lt;wichtig&gt; &amp; &quot;neu&quot;&#10;in zwei Zeilen"/>`,
    );
    const handlers = await Promise.all([1, 2, 3].map(() => anna.upload(BYTES)));
    const [first = '', second = '', third = ''] = handlers;
    await caller.call('UploadDocumentWithHandler1', { path, uploadHandler: first, versionComments: comment });
    await caller.call('UploadDocumentWithHandler3', { path, uploadHandler: second, xmlParameters });
    await caller.call('UploadDocumentWithHandler2', {
      ...{ path, uploadHandler: third, versionComments: comment },
      ...{ mpVersionMajor: 2, mpVersionMinor: 0, mpVersionRevision: 0 },
    });
    await caller.call('UploadDocument1', { path, fileContent: BYTES, versionComment: comment });
    await caller.call('UploadDocument3', { path, fileContent: BYTES, versionComment: comment, checkout: false });
    await caller.call('UploadDocument4', { path, fileContent: BYTES, xmlParameters });
    expect(await historyOf(path, 'Comment')).toEqual(Array(6).fill(comment));
  });

  test('is read from xmlParameters whatever the case of names, from the text where there is no VALUE', async () => {
    const path = newPath();
    const xmlParameters =
      '<XMLPARAMETERS><Item name="versionComment">Typed <![CDATA[<in>]]></Item>' +
      '<item Name="MpVersionMajor" Value="7"/><item NAME="MPVERSIONMINOR">2</item>' +
      '<item NAME="CreationDate" VALUE="2023-01-02T03:04:05Z"/><item NAME="MODIFICATIONDATE">2024-06-15</item>' +
      '<item NAME="NobodyKnowsThis" VALUE="?"/><item NAME="SENDEMAILS" VALUE="false"/>' +
      '<item NAME="DESCRIPTION" VALUE="d"/><item NAME="KEYWORDS" VALUE="k"/><item NAME="TEXTONLYCONTENT" VALUE="t"/></XMLPARAMETERS>';
    const uploaded = await anna.call('UploadDocument4', { path, fileContent: BYTES, xmlParameters });
    expect(uploaded).toEqual(versioned('7002000'));
    expect(await historyOf(path, 'Comment')).toEqual(['Typed <in>']);
    expect(await historyOf(path, 'DateCreated')).toEqual(['2023-01-02T03:04:05Z']);
    expect(valueOf(await anna.call('GetDownloadInfo', { Path: path }), 'ModificationDate')).toBe('2024-06-15');
  });

  test('may be that it is not published: then the checksum of the published one is another', async () => {
    const path = newPath();
    await anna.store(path, BYTES);
    const xmlParameters = withParameters('<item NAME="PUBLISHOPTION" VALUE="DontPublish"/>');
    await anna.call('UploadDocument4', { path, fileContent: OTHER_BYTES, xmlParameters });
    const exists = await anna.call('DocumentExists', { Path: path });
    const info = await anna.call('GetDownloadInfo', { Path: path });
    const published = await anna.call('GetDownloadInfoByVersion', { Path: path, VersionNumber: 1_000_000 });
    expect(valueOf(exists, 'CRC32LASTVERSION')).toBe(valueOf(info, 'CRC32'));
    expect(valueOf(exists, 'CRC32')).toBe(valueOf(published, 'CRC32'));
    expect(await historyOf(path, 'DatePublished')).toEqual(['', matching(/Z$/)]);
  });
});

describe('A path', () => {
  test('may be written with backslashes, in any case, doubled slashes and none in front', async () => {
    await anna.createFolder('\\Public\\Reports\\2024');
    const id = await anna.store('public/REPORTS//2024\\Q1.txt', BYTES);
    for (const path of ['/Public/Reports/2024/Q1.txt', '\\PUBLIC\\reports\\2024\\q1.TXT', `~D${id}`, `~d${id}.txt`]) {
      expect([path, await anna.download(path)]).toEqual([path, BYTES]);
    }
  });

  test('of a document, in short, names it for a new version', async () => {
    const path = newPath();
    const id = await anna.store(path, BYTES);
    expect(await commit(`~D${id}`)).toEqual(answer('root', { success: 'true', DocumentId: id, VersionId: '1000001' }));
    expect(await commit(`~D${id}.txt`)).toEqual(
      answer('root', { success: 'true', DocumentId: id, VersionId: '1000002' }),
    );
    expect((await numbersOf(path)).length).toBe(3);
  });

  test('of a folder, in short, leads to what is in it', async () => {
    const id = await anna.createFolder('/Public/Short');
    expect(await commit(`~F${id}/in it.txt`)).toEqual(versioned('1000000'));
    expect(await anna.call('FolderExists', { Path: `~F${id}` })).toEqual(answer('response', { success: 'true' }));
    expect(await anna.download('/Public/Short/in it.txt')).toEqual(BYTES);
    const uploadHandler = await anna.upload(BYTES);
    const target = { folderPath: `~F${id}`, documentName: 'new in it.txt' };
    expect(await anna.call('UploadNewDocumentWidthHandler', { ...target, uploadHandler })).toEqual(
      versioned('1000000'),
    );
  });

  test('keeps the case it was made with', async () => {
    await anna.store('/Public/Mixed Case.TXT', BYTES);
    await anna.store('/public/mixed case.txt', OTHER_BYTES);
    const info = await anna.call('GetDownloadInfo', { Path: '/PUBLIC/MIXED CASE.txt' });
    expect(valueOf(info, 'AlterDocumentName')).toBe('Mixed Case.TXT');
    const created = await anna.call('CreateFolder', { Path: '/Public/Ärger' });
    const again = await anna.call('CreateFolder', { Path: '/public/ÄRGER' });
    expect(again).toEqual(created);
  });
});
