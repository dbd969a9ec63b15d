import fs from 'node:fs';
import path from 'node:path';
import type { Browser } from 'playwright-core';
import type { Report } from '../support/report.js';
import { MISSING_PAGE, type Witness } from './witness.js';

/** How somebody looks at a page. */
interface Appearance {
  readonly name: string;
  readonly colorScheme: 'light' | 'dark';
  readonly viewport: { readonly width: number; readonly height: number };
  readonly isMobile?: boolean;
}

const APPEARANCES: readonly Appearance[] = [
  { name: 'light', colorScheme: 'light', viewport: { width: 1280, height: 900 } },
  { name: 'dark', colorScheme: 'dark', viewport: { width: 1280, height: 900 } },
  { name: 'phone', colorScheme: 'light', viewport: { width: 360, height: 740 }, isMobile: true },
  { name: 'dark phone', colorScheme: 'dark', viewport: { width: 360, height: 740 }, isMobile: true },
];

/** The help page, a page with a few fields, one with a file and long lines, and one that tells of an error. */
const QUERIES = ['', '?op=AuthenticateUser', '?op=UploadFileChunk', '?op=UploadDocumentWithHandler2', MISSING_PAGE];

/** The contrast of text that everybody can read (WCAG 2.2, 1.4.3). */
const LEAST_CONTRAST = 4.5;

export interface Lookout {
  readonly browser: Browser;
  readonly report: Report;
  readonly witness: Witness;
  /** The service's address. */
  readonly url: string;
  /** Where pictures of the pages go. */
  readonly pictures: string;
}

/** What measure-page.js tells. */
interface Measures {
  /** CSS pixels. */
  readonly contentWidth: number;
  readonly screenWidth: number;
  /** Luminances, 0 … 1. */
  readonly background: number;
  readonly texts: readonly { readonly text: string; readonly letters: number; readonly ground: number }[];
}

const MEASURE_PAGE = fs.readFileSync(new URL('measure-page.js', import.meta.url), 'utf8');

/** Looks at pages as people with different screens see them, and takes pictures. */
export async function checkAppearances({ browser, pictures, report, url, witness }: Lookout): Promise<void> {
  for (const { name, ...options } of APPEARANCES) {
    const context = await browser.newContext(options);
    witness.watch(context);
    const page = await context.newPage();
    for (const query of QUERIES) {
      await report.check(
        `${query === '' ? 'the help page' : query} can be read on a screen that is ${name}`,
        async () => {
          await page.goto(`${url}${query}`);
          const picture = `${name} ${query.replace(/\W+/g, ' ')}`.trim().replaceAll(' ', '-');
          await page.screenshot({ path: path.join(pictures, `${picture}.png`), fullPage: true });
          const measures = await page.evaluate<Measures>(MEASURE_PAGE);
          requireNoSidewaysScrolling(measures);
          requireScheme(measures, options.colorScheme);
          requireContrast(measures);
        },
      );
    }
    await context.close();
  }
}

function requireNoSidewaysScrolling({ contentWidth, screenWidth }: Measures): void {
  if (contentWidth > screenWidth) throw new Error(`it is ${contentWidth} wide on a screen of ${screenWidth}`);
}

/** The page follows the reader's choice of light or dark. */
function requireScheme({ background }: Measures, scheme: 'light' | 'dark'): void {
  if (background > 0.5 !== (scheme === 'light')) throw new Error(`it is not ${scheme}`);
}

function requireContrast({ texts }: Measures): void {
  for (const { ground, letters, text } of texts) {
    const contrast = (Math.max(ground, letters) + 0.05) / (Math.min(ground, letters) + 0.05);
    if (contrast < LEAST_CONTRAST) throw new Error(`the contrast of "${text}" is ${contrast.toFixed(1)}`);
  }
}
