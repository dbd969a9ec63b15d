import zlib from 'node:zlib';
import { escapeText } from '../../src/contract/element-writer.js';
import { type Attack, type Premises, requireThat } from './premises.js';

const ENVELOPE = 'http://schemas.xmlsoap.org/soap/envelope/';

const GZIP = 'Content-Encoding: gzip\r\n';

const MIB = 1024 * 1024;

/** Messages that are no more than they seem, and cost more. */
export const MESSAGES: readonly Attack[] = [
  envelopes('an entity bomb', `<!DOCTYPE a [<!ENTITY a "aaaaaaaaaa">${entities(20)}]>${envelope('<UID>&a20;</UID>')}`),
  envelopes(
    'an external entity',
    `<!DOCTYPE a [<!ENTITY b SYSTEM "file:///etc/passwd">]>${envelope('<UID>&b;</UID>')}`,
  ),
  envelopes('a document type from elsewhere', `<!DOCTYPE a SYSTEM "http://127.0.0.1:1/a.dtd">${envelope('')}`),
  envelopes('elements nested 100,000 deep', envelope('<a>'.repeat(100_000))),
  envelopes('elements side by side', envelope('<a/>'.repeat(200_000))),
  envelopes('100,000 attributes', envelope(`<a ${attributes(100_000)}/>`)),
  envelopes('a million attributes', envelope(`<a ${attributes(1_000_000)}/>`)),
  envelopes('attributes with a namespace of 500,000 characters', envelope(`<a ${namespaced(1900, 500_000)}/>`)),
  envelopes('50,000 namespaces', envelope(`<a ${namespaces(50_000)}/>`)),
  envelopes('an element name of half a MiB', envelope(`<${'n'.repeat(MIB / 2)}/>`)),
  envelopes('an attribute of 10 MiB', envelope(`<a b="${'c'.repeat(10 * MIB)}"/>`)),
  envelopes('a text of 10 MiB', envelope(`<UID>${'c'.repeat(10 * MIB)}</UID>`)),
  envelopes('a comment of 10 MiB', `<!--${'c'.repeat(10 * MIB)}-->${envelope('')}`),
  envelopes('100,000 references', envelope(`<UID>${'&#65;'.repeat(100_000)}</UID>`)),
  envelopes('a reference without end', envelope(`<UID>&${'a'.repeat(MIB / 2)}`)),
  envelopes('null bytes', envelope('<UID>a\0b</UID><PWD>\0</PWD>')),
  envelopes('overlong UTF-8', envelope('<UID>\xc0\xbcb\xc0\xaf\xe0\x80\xaf\xf0\x80\x80\xaf</UID>')),
  envelopes('surrogates in UTF-8', envelope('<UID>\xed\xa0\x80\xed\xb0\x80</UID>')),
  envelopes('UTF-16 that breaks off', '\xff\xfe<\0a\0>\0x'),
  { name: 'xmlParameters with all of that', run: xmlParameters },
  { name: 'arguments without end', run: forms },
  { name: 'headers of 10 MiB', run: headers },
  { name: 'bodies that decompress to a GiB', run: bombs },
  { name: 'a MiB of the smallest things there are', run: smallThings },
  { name: 'content that consists of escapes', run: escapes },
  { name: 'many tags in xmlParameters', run: tags },
];

function envelopes(name: string, text: string): Attack {
  return {
    name,
    run: async ({ attacker }) => {
      requireAnswer(await attacker.ask(soap(Buffer.from(text, 'latin1'))));
    },
  };
}

async function xmlParameters({ attacker, ticket }: Premises): Promise<void> {
  const item = (value: string): string => `<xmlparameters><item NAME="DESCRIPTION" VALUE="${value}"/></xmlparameters>`;
  for (const parameters of [
    `<!DOCTYPE a [<!ENTITY a "aaaaaaaaaa">${entities(20)}]>${item('&a20;')}`,
    `<!DOCTYPE a [<!ENTITY b SYSTEM "file:///etc/passwd">]>${item('&b;')}`,
    '<a>'.repeat(50_000),
    '<xmlparameters>'.repeat(20_000),
    `<xmlparameters ${attributes(50_000)}/>`,
    `<xmlparameters>${'<item/>'.repeat(50_000)}</xmlparameters>`,
    item('&#65;'.repeat(100_000)),
    item('&'.repeat(300_000)),
    `<!--${'-'.repeat(500_000)}`,
    `<![CDATA[${']'.repeat(500_000)}`,
    '<'.repeat(500_000),
  ]) {
    const args = {
      authenticationTicket: ticket,
      path: '/Public/x.txt',
      fileContent: '',
      xmlParameters: parameters,
    };
    const elements = Object.entries(args).map(([name, value]) => `<${name}>${escapeText(value)}</${name}>`);
    const answer = await attacker.ask(
      soap(Buffer.from(envelope(elements.join(''), 'UploadDocument4')), 'UploadDocument4'),
    );
    requireAnswer(answer);
    requireThat(!answer.includes('success="true"'), `It was taken: ${answer}`);
  }
}

async function forms({ attacker }: Premises): Promise<void> {
  const post = (type: string, body: string): string =>
    `POST /srv.asmx/AuthenticateUser HTTP/1.1\r\nHost: x\r\nContent-Type: ${type}\r\nContent-Length: ${body.length}\r\n\r\n${body}`;
  const urlencoded = 'application/x-www-form-urlencoded';
  const multipart = 'multipart/form-data; boundary=b';
  for (const request of [
    post(urlencoded, 'a=b&'.repeat(250_000)),
    post(urlencoded, `${'a'.repeat(2 * MIB)}=b`),
    post(urlencoded, `UID=${'%41'.repeat(MIB)}`),
    post(urlencoded, '&'.repeat(5 * MIB)),
    post(urlencoded, '%'.repeat(MIB)),
    post(multipart, '--b\r\n\r\n'.repeat(100_000)),
    post(multipart, `--b\r\n${'A: b\r\n'.repeat(100_000)}`),
    post(multipart, `--b\r\nContent-Disposition: form-data; name="${'n'.repeat(MIB)}"\r\n\r\n`),
    post(multipart, '\r\n--'.repeat(500_000)),
    post(multipart, `--b\r\nContent-Disposition: form-data; ${'x="'.repeat(5000)}\r\n\r\na\r\n--b--`),
  ]) {
    requireAnswer(await attacker.ask(request));
  }
}

async function headers({ attacker }: Premises): Promise<void> {
  for (const head of [
    `GET /${'a'.repeat(10 * MIB)} HTTP/1.1\r\n\r\n`,
    `GET / HTTP/1.1\r\nHost: x\r\nA: ${'a'.repeat(10 * MIB)}\r\n\r\n`,
    `GET / HTTP/1.1\r\nHost: x\r\n${'A: b\r\n'.repeat(1_500_000)}\r\n`,
    `GET / HTTP/1.1\r\n${'a'.repeat(10 * MIB)}: b\r\n\r\n`,
  ]) {
    const answer = await attacker.ask(head);
    requireThat(answer === '' || /^HTTP\/1\.1 4(?:14|31|00) /.test(answer), `It was answered ${answer.slice(0, 200)}`);
  }
}

async function bombs({ attacker, ticket }: Premises): Promise<void> {
  const start = `<s:Envelope xmlns:s="${ENVELOPE}"><s:Body><UploadDocument xmlns="http://tempuri.org/">`;
  const address = `<authenticationTicket>${ticket}</authenticationTicket><path>/Public/bomb.bin</path>`;
  const refused = address.replace(ticket, '0f8fad5b-d9cb-469f-a165-70867728950e');
  for (const beginning of [
    `${start}<path>`,
    `${start}<fileContent>`,
    `${start}${address}<fileContent>`,
    `${start}${refused}<fileContent>`,
    `${start}<!--`,
  ]) {
    for (const filling of ['A', ' ']) {
      requireAnswer(await attacker.ask(soap(bomb(beginning, filling), 'UploadDocument', GZIP)));
    }
  }
  for (const beginning of ['', '--b--\r\n', '--b\r\nContent-Disposition: form-data; name="x"\r\n\r\n']) {
    const body = bomb(beginning, 'A');
    const type = 'multipart/form-data; boundary=b';
    const head = `POST /srv.asmx/UploadDocument HTTP/1.1\r\nHost: x\r\nContent-Type: ${type}\r\nContent-Encoding: gzip\r\nContent-Length: ${body.length}\r\n\r\n`;
    requireAnswer(await attacker.ask(Buffer.concat([Buffer.from(head), body])));
  }
  requireAnswer(
    await attacker.ask(soap(bomb(`${start}<fileContent>AAAA</fileContent><fileContent>`, 'A'), 'UploadDocument', GZIP)),
  );
  const unnamed = bomb(
    `--b\r\nContent-Type: application/xop+xml\r\n\r\n${envelope('')}\r\n--b\r\nContent-ID: <x>\r\n\r\n`,
    'A',
  );
  const related = 'multipart/related; type="application/xop+xml"; boundary=b';
  const head = `POST /srv.asmx HTTP/1.1\r\nHost: x\r\nContent-Type: ${related}\r\nSOAPAction: "http://tempuri.org/AuthenticateUser"\r\n${GZIP}Content-Length: ${unnamed.length}\r\n\r\n`;
  requireAnswer(await attacker.ask(Buffer.concat([Buffer.from(head), unnamed])));
}

/** What costs far more to read than it costs to send, and as compressed hardly anything. Each again and again, for one alone would not be noticed. */
async function smallThings({ attacker }: Premises): Promise<void> {
  const form = zlib.gzipSync('a&'.repeat(MIB / 2));
  const post =
    `POST /srv.asmx/AuthenticateUser HTTP/1.1\r\nHost: x\r\nContent-Type: application/x-www-form-urlencoded; charset=gb18030\r\n` +
    `${GZIP}Content-Length: ${form.length}\r\n\r\n`;
  for (const message of [
    soap(zlib.gzipSync(envelope('<a>'.repeat(90) + '<b/>'.repeat(250_000))), 'AuthenticateUser', GZIP),
    soap(zlib.gzipSync(envelope('<UID/>'.repeat(160_000))), 'AuthenticateUser', GZIP),
    soap(zlib.gzipSync(envelope(`<a ${namespaces(50_000)}/>`)), 'AuthenticateUser', GZIP),
    Buffer.concat([Buffer.from(post), form]),
    multipart(part('Content-Transfer-Encoding: base64', ' '.repeat(MIB - 1000)).repeat(50)),
    multipart(part(`A: ${'x'.repeat(16_000)}`, '').repeat(900)),
  ]) {
    const answers = await Promise.all(Array.from({ length: 20 }, () => attacker.ask(message)));
    for (const answer of answers) requireThat(answer.startsWith('HTTP/1.1 413 '), `It was answered ${answer}`);
  }
}

/** Content of which nearly each character takes work: as much as may wait for its ticket. */
async function escapes({ attacker }: Premises): Promise<void> {
  const form = bomb('fileContent=', `${'%u0041'.repeat(10)}AAAA`);
  const post =
    'POST /srv.asmx/UploadDocument HTTP/1.1\r\nHost: x\r\nContent-Type: application/x-www-form-urlencoded\r\n' +
    `${GZIP}Content-Length: ${form.length}\r\n\r\n`;
  const start = `<s:Envelope xmlns:s="${ENVELOPE}"><s:Body><UploadDocument xmlns="http://tempuri.org/"><fileContent>`;
  for (const message of [
    Buffer.concat([Buffer.from(post), form]),
    soap(bomb(start, `${'&#65;A'.repeat(10)}AAAA`), 'UploadDocument', GZIP),
  ]) {
    const answers = await Promise.all(Array.from({ length: 8 }, () => attacker.ask(message)));
    for (const answer of answers) {
      const isRefused = answer.startsWith('HTTP/1.1 413 ') || answer.includes('Too much content waits for its ticket.');
      requireThat(isRefused, `It was answered ${answer}`);
    }
  }
}

function multipart(parts: string): Buffer {
  const body = zlib.gzipSync(`${parts}--b--\r\n`);
  const head =
    'POST /srv.asmx/isValidTicket HTTP/1.1\r\nHost: x\r\nContent-Type: multipart/form-data; boundary=b\r\n' +
    `${GZIP}Content-Length: ${body.length}\r\n\r\n`;
  return Buffer.concat([Buffer.from(head), body]);
}

function part(header: string, text: string): string {
  return `--b\r\nContent-Disposition: form-data; name="x"\r\n${header}\r\n\r\n${text}\r\n`;
}

async function tags({ attacker, ticket }: Premises): Promise<void> {
  const many = (text: string): string => text.repeat(MIB / 3 / text.length);
  for (const tags of [many('<item/>'), many('<?a?>'), many('<item a="" b="" c=""/>'), `<item "${many('a ')}"/>`]) {
    const xmlParameters = `<xmlparameters>${tags}</xmlparameters>`;
    const form = `authenticationTicket=${ticket}&path=/Public/x.txt&fileContent=&xmlParameters=${encodeURIComponent(xmlParameters)}`;
    const head =
      'POST /srv.asmx/UploadDocument4 HTTP/1.1\r\nHost: x\r\n' +
      `Content-Type: application/x-www-form-urlencoded\r\nContent-Length: ${form.length}\r\n\r\n`;
    const answers = await Promise.all(Array.from({ length: 20 }, () => attacker.ask(head + form)));
    for (const answer of answers) requireThat(answer.includes('characters of markup'), `It was answered ${answer}`);
  }
}

/** About a MiB that decompresses to a GiB: compressed pieces can be put one behind the other. */
function bomb(beginning: string, filling: string): Buffer {
  const piece = zlib.gzipSync(Buffer.alloc(16 * MIB, filling));
  return Buffer.concat([zlib.gzipSync(beginning), ...Array<Buffer>(64).fill(piece)]);
}

function soap(body: Buffer, operation = 'AuthenticateUser', more = ''): Buffer {
  const head =
    `POST /srv.asmx HTTP/1.1\r\nHost: x\r\nContent-Type: text/xml\r\nSOAPAction: "http://tempuri.org/${operation}"\r\n` +
    `${more}Content-Length: ${body.length}\r\n\r\n`;
  return Buffer.concat([Buffer.from(head), body]);
}

function envelope(args: string, operation = 'AuthenticateUser'): string {
  return `<s:Envelope xmlns:s="${ENVELOPE}"><s:Body><${operation} xmlns="http://tempuri.org/">${args}</${operation}></s:Body></s:Envelope>`;
}

function entities(count: number): string {
  return Array.from({ length: count }, (_, n) => `<!ENTITY a${n + 1} "${`&a${n === 0 ? '' : n};`.repeat(10)}">`).join(
    '',
  );
}

/** Attributes that are all in one namespace, with a name as long as this. */
function namespaced(count: number, length: number): string {
  return `xmlns:q="${'u'.repeat(length)}" ${Array.from({ length: count }, (_, n) => `q:a${n}=""`).join(' ')}`;
}

function attributes(count: number): string {
  return Array.from({ length: count }, (_, n) => `a${n}=""`).join(' ');
}

function namespaces(count: number): string {
  return Array.from({ length: count }, (_, n) => `xmlns:a${n}="u"`).join(' ');
}

/** Refused in a form that is documented, or closed before all was sent. */
function requireAnswer(answer: string): void {
  requireThat(
    answer === '' || /^HTTP\/1\.1 (?:200|400|408|413|500) /.test(answer),
    `It was answered ${answer.slice(0, 200)}`,
  );
  requireThat(!/SystemError|\n\s+at |root:/.test(answer), `It was answered ${answer.slice(0, 500)}`);
}
