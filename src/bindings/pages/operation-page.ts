import type { Contract, OperationContract, Parameter } from '../../contract/contract.js';
import { AddressTemplate } from './address-template.js';
import { DESCRIPTION_LINK } from './help-page.js';
import { type Html, markup } from './html.js';
import { writePage } from './page-layout.js';
import { SERVICE_PATH } from './public-address.js';
import { sampleExchanges, takesContent } from './sample-exchanges.js';

/** The service as a relative address: links by it work below any prefix. */
const SELF = SERVICE_PATH.slice(1);

/** The page of one operation: a form that calls it over POST, and its messages on every binding. */
export function operationPage(contract: Contract, operation: OperationContract): AddressTemplate {
  const exchanges = sampleExchanges(contract, operation).map(
    ({ title, request, response }) => markup`
<section>
<h2>${title}</h2>
<h3>Request</h3>
<pre>${request}</pre>
<h3>Answer</h3>
<pre>${response}</pre>
</section>`,
  );
  return new AddressTemplate(
    writePage({
      title: `${operation.name} - ${contract.serviceName} Web Service`,
      links: [markup`<a href="${SELF}">All operations</a>`, DESCRIPTION_LINK],
      main: markup`<h1>${operation.name}</h1>
<p>${operation.documentation}</p>
${callForm(operation)}${exchanges}`,
    }),
  );
}

/** A form that posts what the contract asks for: files as they are, everything else as text. */
function callForm(operation: OperationContract): Html {
  const encoding = takesContent(operation) ? 'multipart/form-data' : 'application/x-www-form-urlencoded';
  return markup`<form method="post" action="${SELF}/${operation.name}" enctype="${encoding}" autocomplete="off">
${operation.parameters.map(field)}<button>Invoke</button>
</form>`;
}

/* A number has a value from the start because no number at all would be an error. A box that is not ticked is left out, and false. */
function field({ name, type }: Parameter): Html {
  const caption = markup`${name} <small>${type}</small>`;
  switch (type) {
    case 'boolean':
      return markup`<label><input type="checkbox" name="${name}" value="true">${caption}</label>\n`;
    case 'int':
    case 'short':
    case 'long':
      return markup`<label>${caption}<input type="number" name="${name}" value="0"></label>\n`;
    case 'base64Binary':
      return markup`<label>${caption}<input type="file" name="${name}"></label>\n`;
    case 'string':
      return markup`<label>${caption}<input type="${isSecret(name) ? 'password' : 'text'}" name="${name}" spellcheck="false"></label>\n`;
  }
}

/** The contract has no type for a password; its names for one end so. */
function isSecret(name: string): boolean {
  return /pwd$/i.test(name);
}
