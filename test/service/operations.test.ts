import fs from 'node:fs';
import { loadContract } from '../../src/contract/wsdl-reader.js';
import { PRODUCT_VERSION } from '../../src/values/product-version.js';
import { type Answer, answer, GUID, matching, NUMBER, TIME } from '../support/answer.js';
import { type Arguments, type Binding, BINDINGS, POST } from '../support/bindings.js';
import { call, Caller, crc32, fetchBytes, hexCrc32 } from '../support/caller.js';
import { RunningService, TRUSTED_PASSWORD, USER_PASSWORD } from '../support/running-service.js';

/* What every operation answers when all is well: root element, attributes and their order, values; the same over every binding. */

const ADD_ANNA = 'user add Anna --first-name Anna --last-name Berg --email anna@example.com'.split(' ');

let service: RunningService;
let anna: Caller;

beforeAll(async () => {
  service = await RunningService.start({ company: 'Lighters & Sons', serverName: 'Quay 3' });
  await service.command(ADD_ANNA, `${USER_PASSWORD}\n`);
  anna = await service.trust('anna');
});

afterAll(() => service.end());

const BYTES = Buffer.from('%PDF-1.7 a report');
const CRC = crc32(BYTES).toString(16).padStart(8, '0');
const FILE_CRC = crc32(BYTES).toString(16).toUpperCase();

/** A call and its answer. */
interface Exchange {
  readonly args: Arguments;
  readonly answer: Answer;
}

interface Row {
  readonly operation: string;
  /** Where an operation has more than one row. */
  readonly when?: string;
  /** Makes what the call needs. Everything is of this row alone. */
  readonly prepare: (place: Place) => Exchange | Promise<Exchange>;
}

/** Where a row is at work. */
interface Place {
  readonly caller: Caller;
  /** A folder with nothing in it. */
  readonly folder: string;
}

const ANNA = {
  userid: NUMBER,
  username: 'Anna',
  firstName: 'Anna',
  lastName: 'Berg',
  fullname: 'Anna Berg',
  email: 'anna@example.com',
  expireOn: TIME,
  isAuthenticated: 'True',
};
const LOGGED_IN = answer('root', { success: 'true', ticket: GUID, ...ANNA });

const FIRST_VERSION = answer('root', { success: 'true', DocumentId: NUMBER, VersionId: '1000000' });
const SECOND_VERSION = answer('root', { success: 'true', DocumentId: NUMBER, VersionId: '1000001' });

const CREDENTIALS = { UID: 'Anna', PWD: USER_PASSWORD };

/** What is told about a document that {@link storeReport} has made. */
const REPORT = {
  success: 'true',
  Size: String(BYTES.length),
  ContentType: 'application/pdf',
  ModificationDate: '2024-06-15',
  VersionNumber: '0',
  AlterDocumentName: 'Q1-Report.pdf',
  RenderedContent: 'false',
  CRC32: CRC,
};

/** Makes a document with a date that is known. Returns its path. */
async function storeReport({ caller, folder }: Place): Promise<string> {
  const path = `${folder}/Q1-Report.pdf`;
  const xmlParameters = '<xmlparameters><item NAME="MODIFICATIONDATE" VALUE="2024-06-15"/></xmlparameters>';
  await caller.call('UploadDocument4', { path, fileContent: BYTES, xmlParameters });
  return path;
}

const ROWS: readonly Row[] = [
  { operation: 'AuthenticateUser', prepare: () => ({ args: CREDENTIALS, answer: LOGGED_IN }) },
  { operation: 'AuthenticateUser1', prepare: () => ({ args: { ...CREDENTIALS, Lang: 'en' }, answer: LOGGED_IN }) },
  {
    operation: 'RenewTicket',
    when: 'the old ticket is valid',
    prepare: ({ caller: { ticket } }) => ({
      args: { ...CREDENTIALS, Lang: 'en', OldTicket: ticket },
      answer: answer('root', { success: 'true', ticket, ...ANNA }),
    }),
  },
  {
    operation: 'CreateTicketforUser',
    prepare: () => ({
      args: { TrustedUserPwd: TRUSTED_PASSWORD, UserName: 'anna' },
      answer: answer('root', { success: 'true', ticket: GUID }),
    }),
  },
  {
    operation: 'isValidTicket',
    prepare: ({ caller: { ticket } }) => ({
      args: { AuthenticationTicket: ticket },
      answer: answer('root', { success: 'true', ...ANNA }),
    }),
  },
  {
    operation: 'LogOut',
    prepare: async () => ({
      args: { AuthenticationTicket: (await service.trust('anna')).ticket },
      answer: answer('root', { success: 'true' }),
    }),
  },

  {
    operation: 'CreateUploadHandler',
    prepare: ({ caller: { ticket } }) => ({
      args: { authenticationTicket: ticket, PreferedChunkSize: 300_000 },
      answer: answer('response', { success: 'true', error: '', UploadHandler: GUID, ChunkSize: '300000' }),
    }),
  },
  {
    operation: 'UploadFileChunk',
    when: 'more chunks follow',
    prepare: async ({ caller }) => ({
      args: {
        authenticationTicket: caller.ticket,
        uploadHandler: await caller.openUpload(),
        fileChunk: BYTES,
        chunkHEXCRC: hexCrc32(BYTES),
        lastChunk: false,
      },
      answer: answer('root', { success: 'true', tryagain: 'false' }),
    }),
  },
  {
    operation: 'UploadFileChunk',
    when: 'it is the last chunk',
    prepare: async ({ caller }) => ({
      args: {
        authenticationTicket: caller.ticket,
        uploadHandler: await caller.openUpload(),
        fileChunk: BYTES,
        chunkHEXCRC: hexCrc32(BYTES),
        lastChunk: true,
      },
      answer: answer('root', { success: 'true', tryagain: 'false', filehexcrc: FILE_CRC }),
    }),
  },
  {
    operation: 'DeleteUploadHandler',
    prepare: async ({ caller }) => ({
      args: { authenticationTicket: caller.ticket, UploadHandler: await caller.openUpload() },
      answer: answer('response', { success: 'true', error: '' }),
    }),
  },
  {
    operation: 'UploadDocumentWithHandler',
    when: 'the document is new',
    prepare: async ({ caller, folder }) => ({
      args: { authenticationTicket: caller.ticket, path: `${folder}/a.pdf`, uploadHandler: await caller.upload(BYTES) },
      answer: FIRST_VERSION,
    }),
  },
  {
    operation: 'UploadDocumentWithHandler',
    when: 'the document is there',
    prepare: async ({ caller, folder }) => {
      await caller.store(`${folder}/a.pdf`, BYTES);
      const uploadHandler = await caller.upload(BYTES);
      return {
        args: { authenticationTicket: caller.ticket, path: `${folder}/A.PDF`, uploadHandler },
        answer: SECOND_VERSION,
      };
    },
  },
  {
    operation: 'UploadDocumentWithHandler1',
    prepare: async ({ caller, folder }) => ({
      args: {
        authenticationTicket: caller.ticket,
        path: `${folder}/a.pdf`,
        uploadHandler: await caller.upload(BYTES),
        versionComments: 'As promised',
      },
      answer: FIRST_VERSION,
    }),
  },
  {
    operation: 'UploadDocumentWithHandler2',
    prepare: async ({ caller, folder }) => ({
      args: {
        authenticationTicket: caller.ticket,
        path: `${folder}/a.pdf`,
        uploadHandler: await caller.upload(BYTES),
        versionComments: 'As promised',
        mpVersionMajor: 2400,
        mpVersionMinor: 999,
        mpVersionRevision: 7,
      },
      answer: answer('root', { success: 'true', DocumentId: NUMBER, VersionId: '2400999007' }),
    }),
  },
  {
    operation: 'UploadDocumentWithHandler3',
    prepare: async ({ caller, folder }) => ({
      args: {
        authenticationTicket: caller.ticket,
        path: `${folder}/a.pdf`,
        uploadHandler: await caller.upload(BYTES),
        xmlParameters: '<xmlparameters><item NAME="MPVERSIONMAJOR" VALUE="3"/></xmlparameters>',
      },
      answer: answer('root', { success: 'true', DocumentId: NUMBER, VersionId: '3000000' }),
    }),
  },
  {
    operation: 'UploadNewDocumentWidthHandler',
    prepare: async ({ caller, folder }) => ({
      args: {
        authenticationTicket: caller.ticket,
        folderPath: folder,
        documentName: 'a.pdf',
        uploadHandler: await caller.upload(BYTES),
        xmlParameters: '',
      },
      answer: FIRST_VERSION,
    }),
  },
  {
    operation: 'UploadDocument',
    prepare: ({ caller: { ticket }, folder }) => ({
      args: { authenticationTicket: ticket, path: `${folder}/a.pdf`, fileContent: BYTES },
      answer: FIRST_VERSION,
    }),
  },
  {
    operation: 'UploadDocument1',
    prepare: ({ caller: { ticket }, folder }) => ({
      args: { authenticationTicket: ticket, path: `${folder}/a.pdf`, fileContent: BYTES, versionComment: 'Final' },
      answer: FIRST_VERSION,
    }),
  },
  {
    operation: 'UploadDocument2',
    prepare: ({ caller: { ticket }, folder }) => ({
      args: { authenticationTicket: ticket, path: `${folder}/a.pdf`, fileContent: BYTES, checkout: true },
      answer: FIRST_VERSION,
    }),
  },
  {
    operation: 'UploadDocument3',
    prepare: ({ caller: { ticket }, folder }) => ({
      args: {
        authenticationTicket: ticket,
        path: `${folder}/a.pdf`,
        fileContent: BYTES,
        versionComment: 'Final',
        checkout: false,
      },
      answer: FIRST_VERSION,
    }),
  },
  {
    operation: 'UploadDocument4',
    prepare: ({ caller: { ticket }, folder }) => ({
      args: {
        authenticationTicket: ticket,
        path: `${folder}/a.pdf`,
        fileContent: BYTES,
        xmlParameters: '<xmlparameters><item NAME="MPVERSIONMAJOR" VALUE="3"/></xmlparameters>',
      },
      answer: answer('root', { success: 'true', DocumentId: NUMBER, VersionId: '3000000' }),
    }),
  },

  {
    operation: 'GetDownloadHandler',
    prepare: async (place) => ({
      args: { AuthenticationTicket: place.caller.ticket, Path: await storeReport(place), PreferedChunkSize: 300_000 },
      answer: answer('response', { ...REPORT, ChunkSize: '300000', downloadhandler: GUID }),
    }),
  },
  {
    operation: 'GetDownloadHandlerByVersion',
    prepare: async (place) => {
      const Path = await storeReport(place);
      await place.caller.store(Path, Buffer.from('another'));
      const { ticket } = place.caller;
      return {
        args: { AuthenticationTicket: ticket, Path, PreferedChunkSize: 0, VersionNumber: 1_000_000 },
        answer: answer('response', {
          ...REPORT,
          VersionNumber: '1000000',
          ChunkSize: '1048576',
          downloadhandler: GUID,
        }),
      };
    },
  },
  {
    operation: 'DownloadZipWithHandler',
    prepare: async (place) => ({
      args: { authenticationTicket: place.caller.ticket, Paths: await storeReport(place), partialResult: false },
      answer: answer('Response', { success: 'true', downloadhandler: GUID, error: '' }),
    }),
  },
  {
    operation: 'DownloadFileChunk',
    prepare: async (place) => ({
      args: {
        authenticationTicket: place.caller.ticket,
        DownloadHandler: await place.caller.openDownload(await storeReport(place)),
        StartOffset: 0,
        ChunkSize: 1_048_576,
      },
      answer: answer(
        'response',
        {
          success: 'true',
          filelength: String(BYTES.length),
          chunklength: String(BYTES.length),
          lastchunk: 'true',
          chunkCRC32: CRC,
        },
        [BYTES.toString('base64')],
      ),
    }),
  },
  {
    operation: 'DeleteDownloadHandler',
    prepare: async (place) => ({
      args: {
        authenticationTicket: place.caller.ticket,
        DownloadHandler: await place.caller.openDownload(await storeReport(place)),
      },
      answer: answer('response', { success: 'true', error: '' }),
    }),
  },
  {
    operation: 'GetDownloadInfo',
    prepare: async (place) => ({
      args: { AuthenticationTicket: place.caller.ticket, Path: await storeReport(place) },
      answer: answer('response', REPORT),
    }),
  },
  {
    operation: 'GetDownloadInfoByVersion',
    prepare: async (place) => ({
      args: { AuthenticationTicket: place.caller.ticket, Path: await storeReport(place), VersionNumber: 1_000_000 },
      answer: answer('response', { ...REPORT, VersionNumber: '1000000' }),
    }),
  },

  {
    operation: 'CreateFolder',
    prepare: ({ caller: { ticket }, folder }) => ({
      args: { authenticationTicket: ticket, Path: `${folder}/Reports/2024` },
      answer: answer('response', { success: 'true', FolderId: NUMBER, FolderName: '2024' }),
    }),
  },
  {
    operation: 'FolderExists',
    prepare: ({ caller: { ticket }, folder }) => ({
      args: { authenticationTicket: ticket, Path: folder },
      answer: answer('response', { success: 'true' }),
    }),
  },
  {
    operation: 'DocumentExists',
    prepare: async (place) => ({
      args: { authenticationTicket: place.caller.ticket, Path: await storeReport(place) },
      answer: answer('response', { success: 'true', CRC32LASTVERSION: CRC, CRC32: CRC }),
    }),
  },
  {
    operation: 'GetDocumentVersions',
    prepare: async ({ caller, folder }) => {
      const path = `${folder}/a.pdf`;
      await caller.call('UploadDocument1', { path, fileContent: BYTES, versionComment: 'Draft <1> & "more"' });
      await caller.store(path, Buffer.alloc(0));
      return {
        args: { AuthenticationTicket: caller.ticket, Path: path },
        answer: answer('response', { success: 'true' }, [
          answer('Versions', {}, [
            version('1000001', { VersionSize: '0', CheckSum: '00000000', Comment: '' }),
            version('1000000', {
              VersionSize: String(BYTES.length),
              CheckSum: CRC,
              Comment: 'Draft <1> & "more"',
            }),
          ]),
        ]),
      };
    },
  },
  {
    operation: 'ServerInfo',
    prepare: () => ({
      args: {},
      answer: answer('root', {
        success: 'true',
        VersionNumber: PRODUCT_VERSION,
        Server_date_time: matching(/^\d{4}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2}$/),
        Coordinated_Universal_Time: TIME,
        UTC_Offset: matching(/^[+-]\d{2}:\d{2}$/),
        Company: 'Lighters & Sons',
        ServerName: 'Quay 3',
      }),
    }),
  },
];

/** A version of Anna's in a document's history. */
function version(number: string, differs: { VersionSize: string; CheckSum: string; Comment: string }): Answer {
  const element = (name: string, text: string): Answer => answer(name, {}, text === '' ? [] : [text]);
  return answer('Version', { Number: number }, [
    element('VersionAuthor', 'Anna'),
    element('VersionAuthorId', NUMBER),
    element('VersionSize', differs.VersionSize),
    element('CheckSum', differs.CheckSum),
    element('DateCreated', TIME),
    element('DatePublished', TIME),
    element('Comment', differs.Comment),
    element('ApprovalStatus', ''),
    element('ApprovalDate', ''),
  ]);
}

/** Operations whose result is bytes: below. */
const BYTES_OPERATIONS = ['DownloadDocument', 'DownloadDocumentVersion'];

test('Every operation of the contract is called here', () => {
  const called = new Set([...ROWS.map(({ operation }) => operation), ...BYTES_OPERATIONS]);
  expect([...called].sort()).toEqual([...loadContract().operations.keys()].sort());
});

/** The forms of answers that docs/API.md lists: operation, element and attributes. */
function documentedForms(): string[] {
  const rows = fs.readFileSync('docs/API.md', 'utf8').matchAll(/^\| (`\w+`.*?) +\| `(\w+)` +\| (`success`.*?) +\|$/gm);
  return [...rows].flatMap(([, operations = '', root = '', attributes = '']) =>
    operationsIn(operations).map((operation) => form(operation, root, attributes.replaceAll('`', '').split(', '))),
  );
}

/** `` `A`, `B` ``, and `` `A` and `…1` to `…3` ``, which are A, A1, A2 and A3. */
function operationsIn(cell: string): string[] {
  const [, name, last] = /^`(\w+)` and `…1` to `…(\d)`$/.exec(cell) ?? [];
  if (name !== undefined) return [name, ...Array.from({ length: Number(last) }, (_, n) => `${name}${n + 1}`)];
  return [...cell.matchAll(/`(\w+)`/g)].map(([, each = '']) => each);
}

const form = (operation: string, root: string, attributes: readonly string[]): string =>
  `${operation}: ${root} ${attributes.join(' ')}`;

test('docs/API.md tells the form of every answer, and no other', async () => {
  const answered: string[] = [];
  for (const { operation, prepare, when } of ROWS) {
    const folder = await newFolder(POST, `documented ${operation}`, when);
    const { answer: expected } = await prepare({ caller: anna, folder });
    answered.push(
      form(
        operation,
        expected.name,
        expected.attributes.map(([name]) => name),
      ),
    );
  }
  expect(documentedForms().sort()).toEqual([...new Set(answered)].sort());
});

/** A folder of its own for a test. */
async function newFolder(binding: Binding, operation: string, when = ''): Promise<string> {
  const path = `/Public/${binding.name}/${operation} ${when}`.trim();
  await anna.createFolder(path);
  return path;
}

describe.each(BINDINGS)('Over $name', (binding) => {
  test.each(ROWS.map((row) => ({ title: [row.operation, row.when].filter(Boolean).join(' when '), row })))(
    '$title',
    async ({ row: { operation, prepare, when } }) => {
      const folder = await newFolder(binding, operation, when);
      const exchange = await prepare({ caller: anna, folder });
      expect(await call(service, binding, operation, exchange.args)).toEqual(exchange.answer);
    },
  );

  test('DownloadDocument', async () => {
    const folder = await newFolder(binding, 'DownloadDocument');
    const Path = await storeReport({ caller: anna, folder });
    const args = { authenticationTicket: anna.ticket, Path };
    expect(await fetchBytes(service, binding, 'DownloadDocument', args)).toEqual(BYTES);
  });

  test('DownloadDocumentVersion', async () => {
    const folder = await newFolder(binding, 'DownloadDocumentVersion');
    const Path = await storeReport({ caller: anna, folder });
    await anna.store(Path, Buffer.from('another'));
    const args = { authenticationTicket: anna.ticket, Path, VersionNumber: 1_000_000 };
    expect(await fetchBytes(service, binding, 'DownloadDocumentVersion', args)).toEqual(BYTES);
  });
});
