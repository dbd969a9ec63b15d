import { markup } from './html.js';
import { writePage } from './page-layout.js';

/** A page that says why a request was not served. */
export function errorPage(title: string, message: string): string {
  return writePage({
    title,
    links: [],
    main: markup`<h1>${title}</h1>
<p class="error">${message}</p>`,
  });
}
