import { createHash } from 'node:crypto';
import { Html, markup } from './html.js';

/** System fonts and colours that follow the reader's choice of light or dark; nothing is fetched. */
const STYLE = `
:root { color-scheme: light dark; --text: #1d2330; --soft: #5a6376; --line: #d9dee7; --panel: #f4f6f9; --link: #0b57b7; --page: #fff; --value: #a3350a; }
@media (prefers-color-scheme: dark) {
  :root { --text: #e4e8ef; --soft: #a0a9ba; --line: #343b48; --panel: #1e232c; --link: #8ab8ff; --page: #14171d; --value: #f2a97e; }
}
* { box-sizing: border-box; }
body { margin: 0 auto; max-width: 60rem; padding: 1.5rem 1rem 4rem; font: 1rem/1.5 system-ui, sans-serif; color: var(--text); background: var(--page); }
h1 { margin: 0 0 .5rem; font-size: 1.6rem; line-height: 1.2; overflow-wrap: anywhere; }
h2 { margin: 2.5rem 0 .75rem; font-size: 1.15rem; }
h3 { margin: 1.25rem 0 .25rem; font-size: .85rem; font-weight: 600; color: var(--soft); }
p { margin: .25rem 0 .75rem; max-width: 45rem; }
a { color: var(--link); }
nav { margin-bottom: 1.5rem; font-size: .9rem; }
nav ul { display: flex; flex-wrap: wrap; gap: .25rem 1.25rem; margin: 0; padding: 0; list-style: none; }
.operations { margin: 0; padding: 0; list-style: none; border-top: 1px solid var(--line); }
.operations li { padding: .6rem 0; border-bottom: 1px solid var(--line); }
.operations a { font-weight: 600; overflow-wrap: anywhere; }
.operations p { margin: 0; color: var(--soft); }
.error { padding: .6rem .9rem; border-left: .25rem solid var(--value); background: var(--panel); overflow-wrap: anywhere; }
form { display: grid; gap: .9rem; margin-top: 1.25rem; padding: 1rem; border: 1px solid var(--line); border-radius: .5rem; background: var(--panel); }
label { display: block; font-weight: 600; overflow-wrap: anywhere; }
label small { font-weight: 400; color: var(--soft); }
input { font: inherit; font-weight: 400; color: inherit; }
input:not([type=checkbox]) { display: block; width: 100%; max-width: 34rem; margin-top: .2rem; padding: .45rem .6rem; border: 1px solid var(--soft); border-radius: .3rem; background: var(--page); }
input[type=checkbox] { width: 1.15rem; height: 1.15rem; margin: 0 .4rem 0 0; vertical-align: -.15rem; }
button { justify-self: start; padding: .5rem 1.4rem; border: 0; border-radius: .3rem; font: inherit; font-weight: 600; color: var(--page); background: var(--link); cursor: pointer; }
:focus-visible { outline: 2px solid var(--link); outline-offset: 2px; }
pre { margin: 0; padding: .75rem .9rem; border: 1px solid var(--line); border-radius: .3rem; background: var(--panel); font: .82rem/1.45 ui-monospace, monospace; overflow-x: auto; }
var { font-style: normal; font-weight: 600; color: var(--value); }
`;

const STYLE_HASH = createHash('sha256').update(STYLE).digest('base64');

/** What every page is sent with: it runs nothing, fetches nothing, is framed by no one and posts only to this server. */
export const PAGE_HEADERS: Readonly<Record<string, string>> = {
  'Content-Security-Policy': `default-src 'none'; style-src 'sha256-${STYLE_HASH}'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'`,
  'Referrer-Policy': 'no-referrer',
};

export interface Page {
  readonly title: string;
  /** Links at the top of the page, the way back first. */
  readonly links: readonly Html[];
  readonly main: Html;
}

/** A whole page. Its links are relative, so that it works below any prefix. */
export function writePage({ title, links, main }: Page): string {
  return markup`<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>${title}</title>
<link rel="alternate" type="text/xml" href="?disco">
<style>${new Html(STYLE)}</style>
</head>
<body>
<nav aria-label="Service"><ul>${links.map((link) => markup`<li>${link}</li>`)}</ul></nav>
<main>
${main}
</main>
</body>
</html>
`.toString();
}
