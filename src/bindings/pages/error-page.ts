import { markup } from './html.js';
import { writePage } from './page-layout.js';

/** What ASMX titles the page of a request it has no answer for. */
const TITLE = 'Runtime Error';

/** A page that says why a request was not served. */
export function errorPage(message: string): string {
  return writePage({
    title: TITLE,
    links: [],
    main: markup`<h1>${TITLE}</h1>
<p class="error">${message}</p>`,
  });
}
