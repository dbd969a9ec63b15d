import fs from 'node:fs';
import path from 'node:path';

/** What each room may import, besides itself: see docs/ARCHITECTURE.md, Directions. */
const MAY_IMPORT: Readonly<Record<string, readonly string[]>> = {
  values: [],
  contract: ['values'],
  storage: ['values'],
  accounts: ['storage', 'values'],
  handlers: ['storage', 'values'],
  library: ['storage', 'values'],
  operations: ['contract', 'accounts', 'handlers', 'library', 'storage', 'values'],
  bindings: ['contract', 'operations', 'storage', 'values'],
  telemetry: ['bindings', 'storage', 'values'],
};

/** Packages that only one room, or one file beside the rooms, may know. */
const ONLY_IN: Readonly<Record<string, readonly string[]>> = {
  express: ['bindings', 'telemetry', '.'],
  soap: ['bindings'],
  saxes: ['bindings'],
  kysely: ['storage', 'accounts', 'handlers', 'library', 'telemetry'],
  'better-sqlite3': ['storage'],
  yazl: ['handlers'],
  commander: ['commands'],
  pino: ['.'],
};

const SOURCES = path.resolve('src');
const IMPORT = /(?:from|import)\s*\(?\s*'([^']+)'/g;

interface Import {
  readonly file: string;
  readonly room: string;
  readonly target: string;
}

function sourceFiles(): string[] {
  return fs
    .readdirSync(SOURCES, { recursive: true, encoding: 'utf8' })
    .filter((file) => file.endsWith('.ts'))
    .sort();
}

function roomOf(file: string): string {
  return file.includes(path.sep) ? (file.split(path.sep)[0] ?? '') : '.';
}

function imports(): Import[] {
  return sourceFiles().flatMap((file) =>
    [...fs.readFileSync(path.join(SOURCES, file), 'utf8').matchAll(IMPORT)].map((match) => ({
      file,
      room: roomOf(file),
      target: match[1] ?? '',
    })),
  );
}

/** The room a relative import leads to. */
function targetRoom({ file, target }: Import): string {
  return roomOf(path.normalize(path.join(path.dirname(file), target)));
}

describe('the rooms of the house', () => {
  const all = imports();

  test('there are imports to look at', () => {
    expect(all.length).toBeGreaterThan(200);
  });

  test('import in the allowed directions only', () => {
    const wrong = all
      .filter(({ room, target }) => target.startsWith('.') && room in MAY_IMPORT)
      .filter((one) => targetRoom(one) !== one.room && !MAY_IMPORT[one.room]?.includes(targetRoom(one)))
      .map(({ file, target }) => `${file} imports ${target}`);
    expect(wrong).toEqual([]);
  });

  test('are all known to this test', () => {
    const rooms = new Set(sourceFiles().map(roomOf));
    expect([...rooms].sort()).toEqual(['.', 'commands', ...Object.keys(MAY_IMPORT)].sort());
  });

  test.each(Object.entries(ONLY_IN))('keep %s where it belongs', (name, rooms) => {
    const users = all.filter(({ target }) => target === name);
    expect(users.length).toBeGreaterThan(0);
    expect(users.filter(({ room }) => !rooms.includes(room)).map(({ file }) => file)).toEqual([]);
  });

  test('import nothing in a circle', () => {
    const graph = new Map<string, string[]>();
    for (const one of all) {
      if (!one.target.startsWith('.')) continue;
      const target = path.normalize(path.join(path.dirname(one.file), one.target)).replace(/\.js$/, '.ts');
      graph.set(one.file, [...(graph.get(one.file) ?? []), target]);
    }
    const done = new Set<string>();
    const circles: string[] = [];
    const visit = (file: string, trail: readonly string[]): void => {
      if (trail.includes(file)) {
        circles.push([...trail.slice(trail.indexOf(file)), file].join(' → '));
        return;
      }
      if (done.has(file)) return;
      for (const next of graph.get(file) ?? []) visit(next, [...trail, file]);
      done.add(file);
    };
    for (const file of graph.keys()) visit(file, []);
    expect(circles).toEqual([]);
  });
});
