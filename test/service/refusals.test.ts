import fs from 'node:fs/promises';
import path from 'node:path';
import { sql } from 'kysely';
import { type Ticket, ticketHash } from '../../src/accounts/ticket.js';
import { loadContract } from '../../src/contract/wsdl-reader.js';
import { type Answer, answer, matching, refused, valueOf } from '../support/answer.js';
import { type Arguments, type Binding, BINDINGS, SOAP_11 } from '../support/bindings.js';
import { call, Caller, fetchBytes, hexCrc32 } from '../support/caller.js';
import { ADMIN, RunningService, TRUSTED_PASSWORD, USER_PASSWORD } from '../support/running-service.js';

/* What a caller is told when a call cannot be carried out: the documented texts, on the root element of the success answer. */

let service: RunningService;
/** May do everything but what an administrator may. */
let anna: Caller;
/** Another user. */
let bert: Caller;
/** A user who was disabled, with the session from before. */
let disabled: Caller;

beforeAll(async () => {
  service = await RunningService.start();
  await service.addUsers('anna', 'bert', 'gone');
  disabled = await service.trust('gone');
  await service.command(['user', 'disable', 'gone']);
  await service.command(['library', 'add', 'ReadOnly', '--everyone', 'read']);
  await service.command(['library', 'add', 'Secret']);
  await service.command(['library', 'add', 'Archive', '--everyone', 'write']);
  const admin = await service.logIn();
  await admin.store('/ReadOnly/a.txt', Buffer.from('a'));
  await admin.store('/Secret/a.txt', Buffer.from('a'));
  await admin.store('/Archive/a.txt', Buffer.from('a'));
  await service.command(['library', 'offline', 'Archive']);
  anna = await service.trust('anna');
  bert = await service.trust('bert');
});

afterAll(() => service.end());

const CONTRACT = loadContract();

const FAILED = '[900] Authentication failed';
const EXPIRED = '[901] Session expired or Invalid ticket';
const UNKNOWN_GUID = '3f2504e0-4f89-11d3-9a0c-0305e82c3301';
const DAY_MS = 24 * 60 * 60 * 1000;

const BYTES = Buffer.from('some bytes');
const CHUNK = { fileChunk: BYTES, chunkHEXCRC: hexCrc32(BYTES), lastChunk: true };

/** How an operation tells of a failure. */
type Refusal = (error: string) => Answer;

const onRoot: Refusal = (error) => refused('root', error);
const onResponse: Refusal = (error) => refused('response', error);
const onZipResponse: Refusal = (error) => refused('Response', error);
/** Field clients read `tryagain` whenever success is not true, so every answer carries it. */
const onChunk: Refusal = (error) => answer('root', { success: 'false', tryagain: 'false', error });

describe('Tickets', () => {
  /** Tickets that open nothing: undefined is one that is left out. */
  const TICKETS: readonly [what: string, ticket: () => string | undefined | Promise<string>, error: string][] = [
    ['no ticket', () => undefined, FAILED],
    ['an empty ticket', () => '', FAILED],
    ['text that is no GUID', () => 'not-a-guid', FAILED],
    ['a GUID that is no ticket', () => UNKNOWN_GUID, EXPIRED],
    ['a ticket that was logged out', () => loggedOut, EXPIRED],
    ['a ticket that was not used for 30 days', () => expired, EXPIRED],
    ['the ticket of a user who was disabled since', () => disabled.ticket, EXPIRED],
  ];

  let loggedOut: string;
  let expired: string;

  beforeAll(async () => {
    ({ ticket: loggedOut } = await service.trust('anna'));
    await new Caller(service, loggedOut).call('LogOut');

    ({ ticket: expired } = await service.trust('anna'));
    await service.database((queries) =>
      queries
        .updateTable('sessions')
        .set({ used_at: Date.now() - 30 * DAY_MS })
        .where('ticket_hash', '=', ticketHash(expired as Ticket))
        .execute(),
    );
  });

  /** Every operation that takes a ticket, with what it needs before it looks at the ticket. */
  const OPERATIONS: readonly [operation: string, refusal: Refusal, args?: Arguments][] = [
    ['isValidTicket', onRoot],
    ['LogOut', onRoot],
    ['CreateUploadHandler', onResponse],
    ['UploadFileChunk', onChunk, { uploadHandler: UNKNOWN_GUID, ...CHUNK }],
    ['DeleteUploadHandler', onResponse, { UploadHandler: UNKNOWN_GUID }],
    ['UploadDocumentWithHandler', onRoot, { path: '/Public/a.txt', uploadHandler: UNKNOWN_GUID }],
    ['UploadDocumentWithHandler1', onRoot],
    ['UploadDocumentWithHandler2', onRoot],
    ['UploadDocumentWithHandler3', onRoot],
    ['UploadNewDocumentWidthHandler', onRoot],
    ['UploadDocument', onRoot, { path: '/Public/a.txt', fileContent: BYTES }],
    ['UploadDocument1', onRoot, { path: '/Public/a.txt', fileContent: BYTES }],
    ['UploadDocument2', onRoot, { path: '/Public/a.txt', fileContent: BYTES }],
    ['UploadDocument3', onRoot, { path: '/Public/a.txt', fileContent: BYTES }],
    ['UploadDocument4', onRoot, { path: '/Public/a.txt', fileContent: BYTES }],
    ['GetDownloadHandler', onResponse],
    ['GetDownloadHandlerByVersion', onResponse],
    ['DownloadZipWithHandler', onZipResponse],
    ['DownloadFileChunk', onResponse, { DownloadHandler: UNKNOWN_GUID }],
    ['DeleteDownloadHandler', onResponse, { DownloadHandler: UNKNOWN_GUID }],
    ['GetDownloadInfo', onResponse],
    ['GetDownloadInfoByVersion', onResponse],
    ['CreateFolder', onResponse, { Path: '/Public/folder' }],
    ['FolderExists', onResponse, { Path: '/Public' }],
    ['DocumentExists', onResponse],
    ['GetDocumentVersions', onResponse],
  ];

  /** The name of an operation's ticket, as the contract has it: the first parameter. */
  const ticketName = (operation: string): string =>
    CONTRACT.operations.get(operation)?.parameters[0]?.name ?? 'authenticationTicket';

  test('are asked for by every operation but those that make one, ServerInfo, and those whose failure is empty', () => {
    const others = ['AuthenticateUser', 'AuthenticateUser1', 'RenewTicket', 'CreateTicketforUser', 'ServerInfo'];
    const bytes = ['DownloadDocument', 'DownloadDocumentVersion'];
    expect([...OPERATIONS.map(([operation]) => operation), ...others, ...bytes].sort()).toEqual(
      [...CONTRACT.operations.keys()].sort(),
    );
  });

  describe.each(BINDINGS)('over $name', (binding) => {
    test.each(OPERATIONS)('that open nothing are refused by %s', async (operation, refusal, args = {}) => {
      const [answers, expected]: [unknown[], unknown[]] = [[], []];
      for (const [what, ticket, error] of TICKETS) {
        const value = await ticket();
        const ticketArgument = value === undefined ? {} : { [ticketName(operation)]: value };
        answers.push([what, await call(service, binding, operation, { ...ticketArgument, ...args })]);
        expected.push([what, refusal(error)]);
      }
      expect(answers).toEqual(expected);
    });

    test('are accepted as .NET reads GUIDs', async () => {
      const hyphenated = anna.ticket.toUpperCase();
      const forms = [
        hyphenated,
        anna.ticket.replaceAll('-', ''),
        `{${hyphenated}}`,
        `(${hyphenated})`,
        ` ${hyphenated} `,
      ];
      for (const ticket of forms) {
        const answered = await call(service, binding, 'isValidTicket', { AuthenticationTicket: ticket });
        expect([ticket, valueOf(answered, 'success')]).toEqual([ticket, 'true']);
      }
    });
  });
});

interface Row {
  readonly operation: string;
  readonly when: string;
  readonly refusal: Refusal;
  /** The arguments besides the ticket, which is Anna's when there is no other. */
  readonly args: Arguments | (() => Arguments | Promise<Arguments>);
  /** The text, or a matcher where only its sense is documented. */
  readonly error: string;
}

const credentials = (UID: string, PWD: string): Arguments => ({ UID, PWD });
const completeUpload = async (): Promise<{ uploadHandler: string }> => ({ uploadHandler: await anna.upload(BYTES) });

/** One text for a handler of another session, a deleted, committed or expired one, and one that never was. */
const NO_UPLOAD = 'The upload handler does not exist or has expired.';
const NO_DOWNLOAD = 'The download handler does not exist or has expired.';
const OFFLINE = matching(/offline/);

const SESSIONS: readonly Row[] = [
  ...['AuthenticateUser', 'AuthenticateUser1', 'RenewTicket'].flatMap((operation): Row[] => {
    const row = (when: string, args: Arguments): Row => ({
      operation,
      when,
      refusal: onRoot,
      args: () => ({ ...args, OldTicket: anna.ticket }),
      error: FAILED,
    });
    return [
      row('the password is wrong', credentials('anna', 'another')),
      row('there is no such user', credentials('nobody', USER_PASSWORD)),
      row('the user is disabled', credentials('gone', USER_PASSWORD)),
      row('user and password are left out', {}),
    ];
  }),
  {
    operation: 'RenewTicket',
    when: 'the old ticket is no GUID',
    refusal: onRoot,
    args: { ...credentials('anna', USER_PASSWORD), OldTicket: 'x' },
    error: FAILED,
  },
  ...(
    [
      ['the trusted password is wrong', { TrustedUserPwd: 'x', UserName: 'anna' }, FAILED],
      ['the trusted password is left out', { UserName: 'anna' }, FAILED],
      ['there is no such user', { TrustedUserPwd: TRUSTED_PASSWORD, UserName: 'nobody' }, FAILED],
      ['the user is disabled', { TrustedUserPwd: TRUSTED_PASSWORD, UserName: 'gone' }, FAILED],
      [
        'the user is the administrator',
        { TrustedUserPwd: TRUSTED_PASSWORD, UserName: ADMIN.name },
        '[902] Ticket generation are not allowed for this user.',
      ],
    ] as const
  ).map(([when, args, error]): Row => ({ operation: 'CreateTicketforUser', when, refusal: onRoot, args, error })),
];

const COMMITS = [
  'UploadDocumentWithHandler',
  'UploadDocumentWithHandler1',
  'UploadDocumentWithHandler2',
  'UploadDocumentWithHandler3',
] as const;

/** What the numbered operations need besides. */
const MORE: Readonly<Record<string, Arguments>> = {
  UploadDocumentWithHandler2: { mpVersionMajor: 1, mpVersionMinor: 0, mpVersionRevision: 0 },
};

const CHUNKED_UPLOAD: readonly Row[] = [
  ...(
    [
      ['the handler is no GUID', { uploadHandler: 'not-a-guid', ...CHUNK }, 'Invalid upload handler.'],
      ['the handler is left out', CHUNK, 'Invalid upload handler.'],
      ['there is no such handler', { uploadHandler: UNKNOWN_GUID, ...CHUNK }, NO_UPLOAD],
      [
        'the checksum is no number',
        async () => ({ uploadHandler: await anna.openUpload(), ...CHUNK, chunkHEXCRC: 'A3F2B1G0' }),
        matching(/CRC32/),
      ],
      [
        'the checksum is longer than 32 bits',
        async () => ({ uploadHandler: await anna.openUpload(), ...CHUNK, chunkHEXCRC: '1A3F2B1C0' }),
        matching(/CRC32/),
      ],
    ] as const
  ).map(([when, args, error]): Row => ({ operation: 'UploadFileChunk', when, refusal: onChunk, args, error })),
  ...(
    [
      ['the handler is no GUID', { UploadHandler: 'not-a-guid' }],
      ['the handler is left out', {}],
      ['the handler is no GUID, and the ticket neither', { authenticationTicket: 'x', UploadHandler: 'x' }],
    ] as const
  ).map(([when, args]): Row => ({
    operation: 'DeleteUploadHandler',
    when,
    refusal: onResponse,
    args,
    error: 'bad Request',
  })),
  ...COMMITS.flatMap((operation): Row[] =>
    (
      [
        ['the handler is no GUID', { path: '/Public/a.txt', uploadHandler: 'x' }, 'Invalid upload handler.'],
        ['there is no such handler', { path: '/Public/a.txt', uploadHandler: UNKNOWN_GUID }, NO_UPLOAD],
        [
          'the last chunk is missing',
          async () => ({ path: '/Public/a.txt', uploadHandler: await anna.openUpload() }),
          matching(/not complete/),
        ],
        [
          'there is no such folder',
          async () => ({ path: '/Public/Nowhere/a.txt', ...(await completeUpload()) }),
          'Folder not found.',
        ],
        [
          'there is no such library',
          async () => ({ path: '/Nowhere/a.txt', ...(await completeUpload()) }),
          'Folder not found.',
        ],
        ['the path is left out', completeUpload, matching(/path/)],
        [
          'the document of a short path does not exist',
          async () => ({ path: '~D999999', ...(await completeUpload()) }),
          'Document not found.',
        ],
        [
          'the user may only read',
          async () => ({ path: '/ReadOnly/b.txt', ...(await completeUpload()) }),
          'Access denied.',
        ],
        [
          'the user may only read, and the document is there',
          async () => ({ path: '/ReadOnly/a.txt', ...(await completeUpload()) }),
          'Access denied.',
        ],
        [
          'the user may not even read',
          async () => ({ path: '/Secret/b.txt', ...(await completeUpload()) }),
          'Folder not found.',
        ],
        ['the library is offline', async () => ({ path: '/Archive/b.txt', ...(await completeUpload()) }), OFFLINE],
        [
          'another user has checked the document out',
          async () => ({ path: await checkedOutByBert(), ...(await completeUpload()) }),
          matching(/checked out by "bert"/),
        ],
      ] as const
    ).map(([when, args, error]) => ({
      operation,
      when,
      refusal: onRoot,
      args: async () => ({ ...(typeof args === 'function' ? await args() : args), ...MORE[operation] }),
      error,
    })),
  ),
  ...(
    [
      ['the major number is 0', [0, 0, 0], /major.*1 and 2400/],
      ['the major number is over 2400', [2401, 0, 0], /major.*1 and 2400/],
      ['the minor number is over 999', [1, 1000, 0], /minor.*0 and 999/],
      ['the minor number is negative', [1, -1, 0], /minor.*0 and 999/],
      ['the revision is over 999', [1, 0, 1000], /revision.*0 and 999/],
      ['the revision is negative', [1, 0, -1], /revision.*0 and 999/],
    ] as const
  ).map(([when, [mpVersionMajor, mpVersionMinor, mpVersionRevision], error]): Row => ({
    operation: 'UploadDocumentWithHandler2',
    when,
    refusal: onRoot,
    args: async () => ({
      path: '/Public/never.txt',
      ...(await completeUpload()),
      mpVersionMajor,
      mpVersionMinor,
      mpVersionRevision,
    }),
    error: matching(error),
  })),
  ...(
    [
      ['there is no such folder', '/Public/Nowhere', 'a.txt', '', 'Folder not found.'],
      ['the folder is a document', '/ReadOnly/a.txt', 'a.txt', '', 'Folder not found.'],
      ['the user may only read', '/ReadOnly', 'b.txt', '', 'Access denied.'],
      ['the library is offline', '/Archive', 'b.txt', '', OFFLINE],
      ['the name is left out', '/Public', '', '', matching(/name/)],
      ['the name is a path', '/Public', 'a/b.txt', '', matching(/name/)],
    ] as const
  ).map(([when, folderPath, documentName, xmlParameters, error]): Row => ({
    operation: 'UploadNewDocumentWidthHandler',
    when,
    refusal: onRoot,
    args: async () => ({ folderPath, documentName, ...(await completeUpload()), xmlParameters }),
    error,
  })),
  {
    operation: 'UploadNewDocumentWidthHandler',
    when: 'the name exists',
    refusal: onRoot,
    args: async () => {
      await anna.store('/Public/taken.txt', BYTES);
      return { folderPath: '/Public', documentName: 'TAKEN.txt', ...(await completeUpload()), xmlParameters: '' };
    },
    error: matching(/already/),
  },
];

/** Values of xmlParameters that are bad, and the keys their errors must name. */
const BAD_PARAMETERS: readonly [key: string, value: string][] = [
  ['CHECKOUT', 'maybe'],
  ['PUBLISHOPTION', 'Perhaps'],
  ['SENDEMAILS', 'maybe'],
  ['CREATIONDATE', '2024-02-30'],
  ['MODIFICATIONDATE', 'yesterday'],
  ['MPVERSIONMAJOR', '2401'],
  ['MPVERSIONMINOR', '1000'],
  ['MPVERSIONREVISION', '-1'],
];

const XML_PARAMETERS: readonly Row[] = [
  ...['UploadDocumentWithHandler3', 'UploadNewDocumentWidthHandler'].map((operation) => ({
    operation,
    target: async (): Promise<Arguments> => ({
      path: '/Public/never.txt',
      folderPath: '/Public',
      documentName: 'never.txt',
      ...(await completeUpload()),
    }),
  })),
  {
    operation: 'UploadDocument4',
    target: (): Arguments => ({ path: '/Public/never.txt', fileContent: BYTES }),
  },
].flatMap(({ operation, target }): Row[] => [
  ...BAD_PARAMETERS.map(([key, value]): Row => ({
    operation,
    when: `${key} is ${value}`,
    refusal: onRoot,
    args: async () => ({
      ...(await target()),
      xmlParameters:
        `<xmlparameters><item NAME="MPVERSIONMAJOR" VALUE="2"/>` +
        `<item NAME="${key}" VALUE="${value}"/></xmlparameters>`,
    }),
    error: matching(new RegExp(key)),
  })),
  {
    operation,
    when: 'the xmlParameters are no XML',
    refusal: onRoot,
    args: async () => ({ ...(await target()), xmlParameters: '<xmlparameters>' }),
    error: matching(/xmlParameters/),
  },
]);

const UPLOAD_IN_ONE_CALL: readonly Row[] = ['', '1', '2', '3', '4'].flatMap((variant): Row[] =>
  (
    [
      ['there is no such folder', '/Public/Nowhere/a.txt', 'Folder not found.'],
      ['the document of a short path does not exist', '~D999999.txt', 'Document not found.'],
      ['the user may only read', '/ReadOnly/a.txt', 'Access denied.'],
      ['the library is offline', '/Archive/a.txt', OFFLINE],
      ['the path is left out', '', matching(/path/)],
    ] as const
  ).map(([when, documentPath, error]): Row => ({
    operation: `UploadDocument${variant}`,
    when,
    refusal: onRoot,
    args: { path: documentPath, fileContent: BYTES },
    error,
  })),
);

const openDownload = async (): Promise<string> => {
  await anna.store('/Public/ten bytes.txt', BYTES);
  return anna.openDownload('/Public/ten bytes.txt');
};

const DOWNLOADS: readonly Row[] = [
  ...['GetDownloadHandler', 'GetDownloadHandlerByVersion', 'GetDownloadInfo', 'GetDownloadInfoByVersion'].flatMap(
    (operation): Row[] =>
      (
        [
          ['there is no such document', '/Public/nothing.txt', 'Document not found.'],
          ['there is no such folder', '/Public/Nowhere/a.txt', 'Document not found.'],
          ['the path is that of a folder', '/Public', 'Document not found.'],
          ['the document of a short path does not exist', '~D999999', 'Document not found.'],
          ['the path is left out', '', 'Document not found.'],
          ['the user may not read', '/Secret/a.txt', 'Document not found.'],
          ['the library is offline', '/Archive/a.txt', OFFLINE],
        ] as const
      ).map(([when, Path, error]) => ({ operation, when, refusal: onResponse, args: { Path }, error })),
  ),
  ...['GetDownloadHandlerByVersion', 'GetDownloadInfoByVersion'].flatMap((operation): Row[] =>
    (
      [
        ['the version number is 1', 1, matching(/version number/)],
        ['the version number is 999999', 999_999, matching(/version number/)],
        ['the version number is negative', -1, matching(/version number/)],
        ['there is no such version', 1_000_001, 'Version not found.'],
      ] as const
    ).map(([when, VersionNumber, error]) => ({
      operation,
      when,
      refusal: onResponse,
      args: { Path: '/ReadOnly/a.txt', VersionNumber },
      error,
    })),
  ),
  ...(
    [
      [
        'a path is missing',
        '/ReadOnly/a.txt|/Public/nothing.txt',
        false,
        matching(/nothing\.txt.*Document not found\./),
      ],
      ['a document is offline', '/ReadOnly/a.txt|/Archive/a.txt', false, OFFLINE],
      ['nothing resolves, even when a part is enough', '/Public/nothing.txt', true, matching(/Document not found\./)],
      ['there is no path', '', false, matching(/path/)],
      ['there is no path, even when a part is enough', ' | ', true, matching(/path/)],
    ] as const
  ).map(([when, Paths, partialResult, error]): Row => ({
    operation: 'DownloadZipWithHandler',
    when,
    refusal: onZipResponse,
    args: { Paths, partialResult },
    error,
  })),
  ...(
    [
      ['the handler is no GUID', { DownloadHandler: 'a<b>&"c"' }, 'Invalid download handler. (a<b>&"c")'],
      ['the handler is left out', {}, 'Invalid download handler. ()'],
      ['there is no such handler', { DownloadHandler: UNKNOWN_GUID }, NO_DOWNLOAD],
      ['the offset is the end', { StartOffset: 10 }, matching(/StartOffset/)],
      ['the offset is past the end', { StartOffset: 3_000_000_000 }, matching(/StartOffset/)],
      ['the offset is negative', { StartOffset: -1 }, matching(/StartOffset/)],
      ['the size is negative', { ChunkSize: -1 }, matching(/ChunkSize/)],
    ] as const
  ).map(([when, args, error]): Row => ({
    operation: 'DownloadFileChunk',
    when,
    refusal: onResponse,
    args:
      'StartOffset' in args || 'ChunkSize' in args
        ? async () => ({ DownloadHandler: await openDownload(), ...args })
        : args,
    error,
  })),
  ...(
    [
      ['the handler is no GUID', { DownloadHandler: 'not-a-guid' }],
      ['the handler is left out', {}],
      ['the handler is no GUID, and the ticket neither', { authenticationTicket: 'x', DownloadHandler: 'x' }],
    ] as const
  ).map(([when, args]): Row => ({
    operation: 'DeleteDownloadHandler',
    when,
    refusal: onResponse,
    args,
    error: 'bad Request',
  })),
];

const LIBRARY: readonly Row[] = (
  [
    ['CreateFolder', 'there is no such library', '/Nowhere/Reports', 'Folder not found.'],
    ['CreateFolder', 'it would be a library', '/Nowhere', 'Folder not found.'],
    ['CreateFolder', 'the path is left out', '', 'Folder not found.'],
    ['CreateFolder', 'the user may only read', '/ReadOnly/Reports', 'Access denied.'],
    ['CreateFolder', 'the user may not even read', '/Secret/Reports', 'Folder not found.'],
    ['CreateFolder', 'the library is offline', '/Archive/Reports', OFFLINE],
    ['CreateFolder', 'the name cannot be one', '/Public/a:b', matching(/name/)],
    ['FolderExists', 'there is no such folder', '/Public/Nowhere', 'Folder not found.'],
    ['FolderExists', 'it is a document', '/ReadOnly/a.txt', 'Folder not found.'],
    ['FolderExists', 'the folder of a short path does not exist', '~F999999', 'Folder not found.'],
    ['FolderExists', 'the user may not read', '/Secret', 'Folder not found.'],
    ['DocumentExists', 'there is no such document', '/Public/nothing.txt', 'Document not found.'],
    ['DocumentExists', 'it is a folder', '/Public', 'Document not found.'],
    ['DocumentExists', 'the user may not read', '/Secret/a.txt', 'Document not found.'],
    ['GetDocumentVersions', 'there is no such document', '/Public/nothing.txt', 'Document not found.'],
    ['GetDocumentVersions', 'the user may not read', '/Secret/a.txt', 'Document not found.'],
  ] as const
).map(([operation, when, Path, error]) => ({ operation, when, refusal: onResponse, args: { Path }, error }));

const ROWS: readonly Row[] = [
  ...SESSIONS,
  ...CHUNKED_UPLOAD,
  ...XML_PARAMETERS,
  ...UPLOAD_IN_ONE_CALL,
  ...DOWNLOADS,
  ...LIBRARY,
];

let checkedOut: Promise<string> | undefined;

/** The path of a document that Bert has checked out. */
function checkedOutByBert(): Promise<string> {
  const documentPath = '/Public/checked out.txt';
  checkedOut ??= bert
    .call('UploadDocument2', { path: documentPath, fileContent: BYTES, checkout: true })
    .then(() => documentPath);
  return checkedOut;
}

/** The arguments with Anna's ticket, when the operation takes one and the row says nothing of it. */
async function argumentsOf({ args, operation }: Row): Promise<Arguments> {
  const own = typeof args === 'function' ? await args() : args;
  return SESSIONS.some((row) => row.operation === operation) ? own : { authenticationTicket: anna.ticket, ...own };
}

/* Each over one binding, in turn: how a refusal is written over each of them is seen with the tickets. */
const inTurn = <T>(rows: readonly T[]): [row: T, binding: Binding][] =>
  rows.map((row, n) => [row, BINDINGS[n % BINDINGS.length] ?? SOAP_11]);

describe('A call is refused:', () => {
  test.each(inTurn(ROWS).map(([row, binding]) => ({ ...row, row, binding, over: binding.name })))(
    '$operation when $when (over $over)',
    async ({ row, binding }) => {
      const answered = await call(service, binding, row.operation, await argumentsOf(row));
      expect(answered).toEqual(row.refusal(row.error));
    },
  );
});

describe.each(BINDINGS)('Over $name, an empty result tells that a call is refused:', (binding) => {
  test.each([
    ['DownloadDocument', 'there is no ticket', { authenticationTicket: '', Path: '/ReadOnly/a.txt' }],
    ['DownloadDocument', 'there is no such document', { Path: '/Public/nothing.txt' }],
    ['DownloadDocument', 'the user may not read', { Path: '/Secret/a.txt' }],
    ['DownloadDocument', 'the library is offline', { Path: '/Archive/a.txt' }],
    ['DownloadDocument', 'the path is left out', {}],
    ['DownloadDocumentVersion', 'there is no ticket', { authenticationTicket: '', Path: '/ReadOnly/a.txt' }],
    ['DownloadDocumentVersion', 'there is no such document', { Path: '/Public/nothing.txt' }],
    ['DownloadDocumentVersion', 'there is no such version', { Path: '/ReadOnly/a.txt', VersionNumber: 1_000_001 }],
    ['DownloadDocumentVersion', 'there is no such major version', { Path: '/ReadOnly/a.txt', VersionNumber: 2 }],
    ['DownloadDocumentVersion', 'the number is negative', { Path: '/ReadOnly/a.txt', VersionNumber: -1 }],
  ])('%s when %s', async (operation, _when, args) => {
    const all = { authenticationTicket: anna.ticket, ...args };
    expect(await fetchBytes(service, binding, operation, all)).toEqual(Buffer.alloc(0));
  });
});

test('What was refused has left nothing behind', async () => {
  await Promise.all(
    ['/Public/never.txt', '/Public/a.txt', '/ReadOnly/b.txt'].map(async (Path) => {
      const asked = await (await service.logIn()).call('DocumentExists', { Path });
      expect([Path, asked]).toEqual([Path, refused('response', 'Document not found.')]);
    }),
  );
});

describe('What goes wrong inside of the server', () => {
  /** Anything a text must not give away: a path, a statement, a place in the program. */
  const SECRETS = /\/|\\|sqlite|select|insert|no such|\bat\b.*:\d+|\.ts|\.js/i;

  const SYSTEM_ERROR = /^SystemError: .+/;

  /** Takes the content store away while something is done. */
  async function withoutContents<T>(work: () => Promise<T>): Promise<T> {
    const content = path.join(service.data, 'content');
    await fs.rename(content, `${content}.away`);
    try {
      return await work();
    } finally {
      await fs.rename(`${content}.away`, content);
    }
  }

  /** Takes a table away while something is done. */
  async function withoutTable<T>(table: string, work: () => Promise<T>): Promise<T> {
    const rename = (from: string, to: string) =>
      service.database((queries) => sql`alter table ${sql.id(from)} rename to ${sql.id(to)}`.execute(queries));
    await rename(table, `${table}_away`);
    try {
      return await work();
    } finally {
      await rename(`${table}_away`, table);
    }
  }

  function expectSystemError(answered: Answer, root: string, ...between: [string, string][]): void {
    expect(answered).toEqual({
      name: root,
      attributes: [['success', 'false'], ...between, ['error', matching(SYSTEM_ERROR)]],
      children: [],
    });
    expect(valueOf(answered, 'error').slice('SystemError:'.length)).not.toMatch(SECRETS);
  }

  test.each(BINDINGS)('is told as a SystemError without details, over $name', async (binding) => {
    const caller = anna.over(binding);
    const uploadHandler = await anna.openUpload();
    const download = await openDownload();
    await withoutContents(async () => {
      expectSystemError(await caller.call('CreateUploadHandler'), 'response');
      expectSystemError(await caller.call('UploadDocument', { path: '/Public/x.txt', fileContent: BYTES }), 'root');
      expectSystemError(await caller.readChunk(download), 'response');
      expectSystemError(await caller.call('DownloadZipWithHandler', { Paths: '/ReadOnly/a.txt' }), 'Response');
      expect(await caller.download('/ReadOnly/a.txt')).toEqual(Buffer.alloc(0));
    });
    await withoutTable('upload_handlers', async () => {
      const chunk = await caller.sendChunk(uploadHandler, BYTES);
      expectSystemError(chunk, 'root', ['tryagain', 'false']);
    });
    await withoutTable('documents', async () => {
      expectSystemError(await caller.call('DocumentExists', { Path: '/ReadOnly/a.txt' }), 'response');
    });
  });
});
