/**
 * Writes docs/COMPATIBILITY.md from the table of exchanges that the tests drive (test/wire), so that it says what is tested and
 * nothing else. With `--check` it writes nothing, and exits 1 when the file is not what the table gives.
 */
import type { Reason } from '../test/wire/reasons.js';
import { type AbsentRow, type Answer, isDriven, type Row, type Section } from '../test/wire/row.js';
import { TABLE } from '../test/wire/table.js';
import { writeGenerated } from './generated-file.js';

function generate(table: readonly Section[]): string {
  const rows = table.flatMap((section) => section.rows);
  const driven = rows.filter(isDriven);
  const different = driven.filter(({ difference }) => difference);
  return `<!-- Written by scripts/generate-compatibility.ts from test/wire: change that, then run \`npm run generate\`. -->

# Compatibility with ASMX

Clients of \`srv.asmx\` were built against a service that runs on ASP.NET's \`System.Web.Services\`, called ASMX here. This page
says, form of request by form of request, what ASMX answers and what Lighterage answers. Every row is an exchange that
the test suite carries out over a real connection: status, Content-Type and body, to the last byte where it is not a page or
a sentence for people. Of **${driven.length} exchanges** ${driven.length - different.length} are answered exactly as ASMX answers them and ${different.length} otherwise on
purpose. ${rows.length - driven.length} more rows are forms of answer that no operation of \`srv.asmx\` has.

What ASMX answers was recorded from Mono 6.8, which runs Microsoft's own source, with messages as .NET has them and
production settings. The recording used a probe whose operations answer what they saw: \`Echo(string text, int number, bool flag)\`,
\`EchoShort(short number)\`, \`EchoBytes(string text, byte[] data)\`, \`Bytes(int count)\`, \`Text()\`, \`Throws(string message)\`. The
tests put the same probe behind Lighterage's own bindings, where a row needs more than the real contract has.

How to read the answers:

- \`<?xml?>\` is \`<?xml version="1.0" encoding="utf-8"?>\` and a line feed.
- \`SOAP 1.1 {Op} X\` is an envelope that holds \`<OpResponse xmlns="http://tempuri.org/"><OpResult>X</OpResult></OpResponse>\`.
- \`fault CODE: TEXT\` is a \`soap:Fault\`; \`--->\` stands for \`---&gt;\` in it. \`…\` stands for words that are not pinned.
- \`[x]\` is the text x, \`NULL\` is null.
- Results are sent with \`Cache-Control: private, max-age=0\`, errors with \`Cache-Control: private\`, as ASMX does.

## Where Lighterage differs, and why

${reasonsOf(different)
  .map((reason) => writeReason(reason, table))
  .join('\n\n')}

${table.map(writeSection).join('\n\n')}
`;
}

/** In the order of their first rows. */
function reasonsOf(rows: readonly Row[]): readonly Reason[] {
  return [...new Set(rows.flatMap(({ difference }) => difference?.because ?? []))];
}

function writeReason(reason: Reason, table: readonly Section[]): string {
  const places = table.flatMap(({ rows, title }) => {
    const names = rows.filter((row) => isDriven(row) && row.difference?.because === reason).map(({ name }) => name);
    return names.length === 0 ? [] : [`- [${title}](#${anchor(title)}): ${names.join('; ')}`];
  });
  return `### ${reason.title}\n\n${reason.text}\n\n${places.join('\n')}`;
}

function writeSection({ introduction, rows, title }: Section): string {
  return `## ${title}

${introduction}

| request | ASMX | Lighterage | why |
| --- | --- | --- | --- |
${rows.map(writeRow).join('\n')}`;
}

function writeRow(row: Row | AbsentRow): string {
  const cells = isDriven(row) ? describe(row) : ['—', row.absent];
  return `| ${[row.name, writeAnswer(row.asmx), ...cells].map(escapeCell).join(' | ')} |`;
}

function describe({ difference }: Row): readonly [ours: string, why: string] {
  if (!difference) return ['the same', ''];
  const { because, ours } = difference;
  return [writeAnswer(ours), `[${because.title}](#${anchor(because.title)})`];
}

function writeAnswer({ brief, contentType, status }: Answer): string {
  const type = contentType?.includes('<') ? code(contentType) : (contentType ?? '');
  return `${status} ${type}<br>${brief.startsWith('(') ? brief : code(brief)}`;
}

function code(text: string): string {
  return `\`${text}\``;
}

function escapeCell(text: string): string {
  return text.replaceAll('|', '\\|').replaceAll('\n', ' ');
}

/** The name a heading has in a link. */
function anchor(title: string): string {
  return title
    .toLowerCase()
    .replace(/[^\w\- ]/g, '')
    .replaceAll(' ', '-');
}

writeGenerated('docs/COMPATIBILITY.md', generate(TABLE));
