/**
 * The pages at the service's address in a real browser: Debian's Chromium, which is installed when it is missing and this process may.
 * `--pictures DIRECTORY` keeps pictures of the pages.
 */
import { randomBytes } from 'node:crypto';
import fs from 'node:fs/promises';
import path from 'node:path';
import { parseArgs } from 'node:util';
import { type Browser, type BrowserContext, chromium, type Page } from 'playwright-core';
import { RunningServer } from '../../scripts/running-server.js';
import { inTemporaryDirectory } from '../../scripts/temporary-directory.js';
import { loadContract } from '../../src/contract/wsdl-reader.js';
import { crc32, upperHex } from '../../src/values/crc32.js';
import { requirePackages } from '../support/debian-packages.js';
import { Report } from '../support/report.js';
import { checkAppearances } from './appearance.js';
import { Witness } from './witness.js';

const CHROMIUM = '/usr/bin/chromium';

/* It runs as root where it is installed for this, has no screen, and must ask nobody but the server. */
const FLAGS = [
  '--headless',
  '--no-sandbox',
  '--disable-gpu',
  '--disable-quic',
  '--no-first-run',
  '--disable-background-networking',
  '--disable-component-update',
  '--disable-sync',
];

/** How long a page may take, ms. */
const PATIENCE_MS = 30_000;

const USER = 'admin';
const DOCUMENT = '/Public/from a browser.bin';

const { values: options } = parseArgs({ options: { pictures: { type: 'string' } } });
const report = new Report();
await inTemporaryDirectory('browser', (directory) => run(directory));
report.sum();
process.exitCode = report.failed === 0 ? 0 : 1;

async function run(directory: string): Promise<void> {
  const pictures = options.pictures ?? path.join(directory, 'pictures');
  await fs.mkdir(pictures, { recursive: true });
  const password = randomBytes(12).toString('base64url');
  const installed = await report.check('Chromium is installed', () => requirePackages(['chromium']));
  const server = await report.check('the server starts', () =>
    RunningServer.start({ data: path.join(directory, 'data'), adminPassword: password }),
  );
  if (!installed || !server) return;
  const browser = await report.check('the browser starts', () =>
    chromium.launch({ executablePath: CHROMIUM, args: FLAGS, chromiumSandbox: false }),
  );
  if (browser) {
    await look(browser, server, password, directory, pictures);
    await browser.close();
  }
  await report.check('the server stops', () => server.stop());
}

async function look(
  browser: Browser,
  server: RunningServer,
  password: string,
  directory: string,
  pictures: string,
): Promise<void> {
  const url = `${server.url}/srv.asmx`;
  const witness = new Witness(server.url);
  await withPage(browser, witness, {}, async (page) => {
    await checkHelpPage(page, url);
    await checkUpload(page, url, password, directory);
  });
  await withPage(browser, witness, { javaScriptEnabled: false }, (page) => checkWithoutScript(page, url, password));
  await checkAppearances({ browser, report, witness, url, pictures });
  await report.check('nothing was complained of in the console', () => requireNothing(witness.complaints));
  await report.check('nobody but the server was asked for anything', () => requireNothing(witness.strangers));
}

async function withPage(
  browser: Browser,
  witness: Witness,
  contextOptions: Parameters<Browser['newContext']>[0],
  work: (page: Page) => Promise<void>,
): Promise<void> {
  const context: BrowserContext = await browser.newContext(contextOptions);
  context.setDefaultTimeout(PATIENCE_MS);
  witness.watch(context);
  await work(await context.newPage());
  await context.close();
}

async function checkHelpPage(page: Page, url: string): Promise<void> {
  await report.check('the help page lists every operation of the contract', async () => {
    await page.goto(url);
    requireEqual(await page.title(), 'srv Web Service');
    const names = await page.locator('.operations a').allTextContents();
    requireEqual(names.join(' '), [...loadContract().operations.keys()].join(' '));
  });
  await report.check('a link leads to the page of an operation, and one leads back', async () => {
    await page.getByRole('link', { name: 'AuthenticateUser', exact: true }).click();
    requireEqual(await page.getByRole('heading', { level: 1 }).textContent(), 'AuthenticateUser');
    requireEqual(await page.locator('input[name=PWD]').getAttribute('type'), 'password');
    await page.getByRole('link', { name: 'All operations' }).click();
    requireEqual(await page.getByRole('heading', { level: 1 }).textContent(), 'srv');
  });
  await report.check('the service description is a link away', async () => {
    await page.getByRole('link', { name: 'Service Description' }).click();
    /* The browser writes the tree of a large document some time after it has been loaded. */
    await page.waitForFunction("document.documentElement.innerText.includes('<wsdl:definitions')");
  });
}

/** A document goes up by the forms alone, and comes down again. */
async function checkUpload(page: Page, url: string, password: string, directory: string): Promise<void> {
  const bytes = randomBytes(300_000);
  const file = path.join(directory, 'chunk.bin');
  await fs.writeFile(file, bytes);
  let [ticket, upload] = ['', ''];

  await report.check('the form of AuthenticateUser shows why somebody is refused', async () => {
    const answer = await invoke(page, url, 'AuthenticateUser', { UID: USER, PWD: 'wrong' });
    requireIncludes(answer, 'error="[900] Authentication failed"');
  });
  await report.check('the form of AuthenticateUser shows the ticket', async () => {
    const answer = await invoke(page, url, 'AuthenticateUser', { UID: USER, PWD: password });
    ticket = attribute(answer, 'ticket');
  });
  await report.check('the form of CreateUploadHandler shows the handler and the size of chunks', async () => {
    const answer = await invoke(page, url, 'CreateUploadHandler', { authenticationTicket: ticket });
    upload = attribute(answer, 'UploadHandler');
    requireEqual(attribute(answer, 'ChunkSize'), '1048576');
  });
  await report.check('the form of UploadFileChunk sends a file', async () => {
    await page.goto(`${url}?op=UploadFileChunk`);
    await page.locator('input[name=fileChunk]').setInputFiles(file);
    await page.locator('input[name=lastChunk]').check();
    const values = { authenticationTicket: ticket, uploadHandler: upload, chunkHEXCRC: upperHex(crc32(bytes)) };
    const answer = await fillAndSubmit(page, values);
    requireEqual(attribute(answer, 'filehexcrc'), upperHex(crc32(bytes)));
  });
  await report.check('the form of UploadDocumentWithHandler makes it a document', async () => {
    const values = { authenticationTicket: ticket, path: DOCUMENT, uploadHandler: upload };
    requireEqual(attribute(await invoke(page, url, 'UploadDocumentWithHandler', values), 'VersionId'), '1000000');
  });
  await report.check('the form of DownloadDocument brings it back', async () => {
    await page.goto(`${url}?op=DownloadDocument`);
    await page.locator('input[name=authenticationTicket]').fill(ticket);
    await page.locator('input[name=Path]').fill(DOCUMENT);
    const [download] = await Promise.all([page.waitForEvent('download'), page.getByRole('button').click()]);
    const received = await fs.readFile(await download.path());
    if (!received.equals(bytes)) throw new Error('the bytes are not those that were sent');
  });
}

async function checkWithoutScript(page: Page, url: string, password: string): Promise<void> {
  await report.check('a form works without script, by the Enter key', async () => {
    await page.goto(`${url}?op=AuthenticateUser`);
    await page.locator('input[name=UID]').fill(USER);
    await page.locator('input[name=PWD]').fill(password);
    const [answer] = await Promise.all([
      page.waitForResponse(`${url}/AuthenticateUser`),
      page.locator('input[name=PWD]').press('Enter'),
    ]);
    attribute(await answer.text(), 'ticket');
  });
}

/** Opens an operation's page, fills in its form, and returns what is seen then. */
async function invoke(
  page: Page,
  url: string,
  operation: string,
  values: Readonly<Record<string, string>>,
): Promise<string> {
  await page.goto(`${url}?op=${operation}`);
  return fillAndSubmit(page, values);
}

async function fillAndSubmit(page: Page, values: Readonly<Record<string, string>>): Promise<string> {
  for (const [name, value] of Object.entries(values)) await page.locator(`input[name=${name}]`).fill(value);
  await page.getByRole('button', { name: 'Invoke' }).click();
  await page.waitForURL((address) => address.search === '');
  return visibleText(page);
}

async function visibleText(page: Page): Promise<string> {
  await page.waitForLoadState();
  return page.evaluate<string>('document.documentElement.innerText');
}

/** @throws when the text has no such attribute, or it is empty. */
function attribute(text: string, name: string): string {
  const value = new RegExp(`\\b${name}="([^"]+)"`).exec(text)?.[1];
  if (value === undefined) throw new Error(`there is no ${name} in ${text.slice(0, 500)}`);
  return value;
}

function requireEqual(actual: string | null, expected: string): void {
  if (actual !== expected) throw new Error(`it is "${actual ?? ''}" instead of "${expected}"`);
}

function requireIncludes(text: string, part: string): void {
  if (!text.includes(part)) throw new Error(`there is no ${part} in ${text.slice(0, 500)}`);
}

function requireNothing(found: readonly string[]): void {
  if (found.length > 0) throw new Error(found.join(' | '));
}
