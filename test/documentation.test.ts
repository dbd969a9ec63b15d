import fs from 'node:fs';
import path from 'node:path';
import { PassThrough, Readable } from 'node:stream';
import { runCommandLine } from '../src/commands/command-line.js';

/** The pages that are written by hand, at least in part. */
const PAGES = ['README.md', ...fs.readdirSync('docs').map((name) => path.join('docs', name))];

const LINK = /\]\((?!https?:|#)([^)#\s]+)/g;
const SOURCE_FILE = /`((?:[\w-]+\/)*[\w-]+(?:\.[\w-]+)*\.ts)`/g;
const NPM_SCRIPT = /\bnpm run (?:--silent )?([\w:]+)/g;

function read(page: string): string {
  return fs.readFileSync(page, 'utf8');
}

function found(page: string, pattern: RegExp): string[] {
  return [...read(page).matchAll(pattern)].map((match) => match[1] ?? '');
}

function filesIn(...directories: string[]): string[] {
  return directories.flatMap((directory) =>
    fs.readdirSync(directory, { recursive: true, encoding: 'utf8' }).map((name) => path.join('/', directory, name)),
  );
}

describe.each(PAGES)('%s', (page) => {
  test('links to nothing that is not there', () => {
    const missing = found(page, LINK).filter((target) => !fs.existsSync(path.join(path.dirname(page), target)));
    expect(missing).toEqual([]);
  });

  test('names no file of the source that is not there', () => {
    const files = filesIn('src', 'test', 'scripts');
    const missing = found(page, SOURCE_FILE).filter((name) => !files.some((file) => file.endsWith(`/${name}`)));
    expect(missing).toEqual([]);
  });

  test('names no script of the package that is not there', () => {
    const { scripts } = JSON.parse(read('package.json')) as { scripts: Record<string, string> };
    expect(found(page, NPM_SCRIPT).filter((name) => !(name in scripts))).toEqual([]);
  });
});

test('The architecture describes every room', () => {
  const rooms = fs.readdirSync('src', { withFileTypes: true }).filter((entry) => entry.isDirectory());
  const section = /^## The rooms$.*?^## /ms.exec(read('docs/ARCHITECTURE.md'))?.[0] ?? '';
  const described = [...section.matchAll(/^\| `(\w+)\/` /gm)].map(([, name = '']) => name);
  expect(described.sort()).toEqual(rooms.map(({ name }) => name).sort());
});

test('README.md names every command', async () => {
  const [output, errors] = [new PassThrough(), new PassThrough()];
  await runCommandLine(['--help'], { input: Readable.from([]), output, errors, environment: {} });
  const help = String(output.read());
  const commands = [...help.slice(help.indexOf('Commands:')).matchAll(/^ {2}([a-z]+)/gm)].map(([, name = '']) => name);
  expect(commands).toContain('serve');
  const missing = commands.filter((name) => name !== 'help' && !read('README.md').includes(`| \`${name}`));
  expect(missing).toEqual([]);
});
