import type { Contract } from '../../contract/contract.js';
import { type Html, markup } from './html.js';
import { writePage } from './page-layout.js';

export const DESCRIPTION_LINK = markup`<a href="?WSDL">Service Description</a>`;
const DISCOVERY_LINK = markup`<a href="?disco">Discovery</a>`;

/** The page at the service's address: what it is for and every operation, each with a link to its own page. */
export function helpPage(contract: Contract): string {
  return writeHelpPage(contract, markup``);
}

/** The help page for somebody who asked for an operation that is not there. */
export function unknownOperationPage(contract: Contract, name: string): string {
  return writeHelpPage(
    contract,
    markup`<p class="error" role="alert">There is no operation <code>${name}</code>. Names are case-sensitive.</p>`,
  );
}

function writeHelpPage(contract: Contract, notice: Html): string {
  const operations = [...contract.operations.values()].map(
    ({ name, documentation }) => markup`
<li><a href="?op=${encodeURIComponent(name)}">${name}</a><p>${documentation}</p></li>`,
  );
  return writePage({
    title: `${contract.serviceName} Web Service`,
    links: [DESCRIPTION_LINK, DISCOVERY_LINK],
    main: markup`<h1>${contract.serviceName}</h1>
${notice}
<p>${contract.documentation}</p>
<p>The page of an operation has a form that calls it, and shows its messages in SOAP 1.1, SOAP 1.2, HTTP GET and POST.</p>
<h2>Operations</h2>
<ul class="operations">${operations}
</ul>`,
  });
}
