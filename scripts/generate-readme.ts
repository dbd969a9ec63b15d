/**
 * Writes the tables of README.md that follow from the code: the settings and the operations. The rest of the page is left as it
 * is. With `--check` it writes nothing, and exits 1 when the tables are not what the code gives.
 */
import fs from 'node:fs';
import prettier from 'prettier';
import type { Contract, OperationContract } from '../src/contract/contract.js';
import { loadContract } from '../src/contract/wsdl-reader.js';
import { type Declaration, DECLARATIONS, SETTING_NAMES, type SettingName, variableOf } from '../src/settings.js';
import { writeGenerated } from './generated-file.js';

const FILE = new URL('../README.md', import.meta.url);

/** Defaults that are not the same on every machine. */
const DEFAULTS_IN_WORDS: Partial<Record<SettingName, string>> = { workers: 'one for each core, at most 4' };

const TABLES: Readonly<Record<string, string>> = {
  settings: settingsTable(),
  operations: operationsTable(loadContract()),
};

function settingsTable(): string {
  const rows = SETTING_NAMES.map((name) => {
    const declaration: Declaration<unknown> = DECLARATIONS[name];
    const text = declaration.default === undefined || declaration.default === '' ? '' : code(declaration.default);
    return [code(variableOf(name)), DEFAULTS_IN_WORDS[name] ?? text, declaration.description];
  });
  return table(['variable', 'default', 'what it sets'], rows);
}

function operationsTable({ operations }: Contract): string {
  const rows = [...operations.values()].map((operation) => [
    code(operation.name),
    operation.parameters.map(({ name }) => code(name)).join(', '),
    firstSentence(operation),
  ]);
  return table(['operation', 'arguments', 'what it does'], rows);
}

/** The whole text is on the operation's own page. */
function firstSentence({ documentation }: OperationContract): string {
  return /^.*?\.(?=\s|$)/s.exec(documentation)?.[0] ?? documentation;
}

function table(head: readonly string[], rows: readonly (readonly string[])[]): string {
  const lines = [head, head.map(() => '---'), ...rows];
  return lines.map((cells) => `| ${cells.map((cell) => cell.replaceAll('|', '\\|')).join(' | ')} |`).join('\n');
}

function code(text: string): string {
  return `\`${text}\``;
}

/** Puts each table between its marks. @throws when a mark is missing. */
function fill(page: string): string {
  return Object.entries(TABLES).reduce((text, [name, content]) => {
    const [begin, end] = [`<!-- ${name}: written by npm run generate -->`, `<!-- end of ${name} -->`];
    const [before, after] = [text.indexOf(begin), text.indexOf(end)];
    if (before === -1 || after < before) throw new Error(`README.md has no place for the ${name}.`);
    return `${text.slice(0, before)}${begin}\n\n${content}\n\n${text.slice(after)}`;
  }, page);
}

const style = await prettier.resolveConfig(FILE);
const page = fill(fs.readFileSync(FILE, 'utf8'));
writeGenerated('README.md', await prettier.format(page, { ...style, parser: 'markdown' }));
