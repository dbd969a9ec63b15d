/** Why we answer otherwise than ASMX: docs/COMPATIBILITY.md gathers the rows under these. */

export interface Reason {
  /** A heading of its own. */
  readonly title: string;
  /** One sentence. */
  readonly text: string;
}

export const DEFAULTS: Reason = {
  title: 'Defaults',
  text:
    'A parameter the caller leaves out has its default (empty string, 0, false, no content) on every binding; ASMX ' +
    'refuses the call over GET and POST, and in SOAP has null where we have the empty string.',
};

export const BOOLEANS: Reason = {
  title: 'Booleans',
  text:
    '`1`, `0`, and `true` and `false` in any case are booleans on every binding; ASMX takes `1` in SOAP only, and `TRUE` ' +
    'over GET and POST only.',
};

export const ARGUMENT_NAMES: Reason = {
  title: 'Names of arguments',
  text:
    'SOAP arguments are found whatever the case of their names, and in no namespace too: stubs made from older revisions ' +
    'of the contract and SOAP::Lite send them so, and ASMX takes them for absent.',
};

export const BASE64: Reason = {
  title: 'Content as base64',
  text:
    'Content goes over GET and POST as base64, as the WSDL says; what ASMX takes, one decimal number for each byte, is ' +
    'taken too.',
};

export const CONTENT_ITSELF: Reason = {
  title: 'Downloads over GET and POST',
  text: 'Over GET and POST a download is the content itself, which a browser or curl can save; in SOAP it is base64.',
};

export const BUSINESS_FAILURES: Reason = {
  title: 'Failures of an operation',
  text:
    'What goes wrong in an operation is no protocol error: the caller gets HTTP 200 and `success="false"` with the reason, ' +
    'on every binding.',
};

export const MULTIPART: Reason = {
  title: 'Forms with files',
  text: 'A form may be multipart/form-data, the only kind in which a browser can send a file.',
};

export const MESSAGE_CHARSET: Reason = {
  title: 'Encoding of messages',
  text:
    'Without a charset in its Content-Type a message is in the encoding it declares, else UTF-8; ASMX reads text/xml ' +
    'as US-ASCII then and loses every other character.',
};

export const CONTENT_CODING: Reason = {
  title: 'Compressed requests',
  text: 'Request bodies may be compressed with gzip or deflate; ASMX does not undo it.',
};

export const TRAILING_WHITE_SPACE: Reason = {
  title: 'White space behind the envelope',
  text: 'White space behind the envelope is taken: PHP and gSOAP send a line break there, which XML allows.',
};

export const EXPLAINED: Reason = {
  title: 'Refusals that say why',
  text:
    'ASMX leaves the body of a 400 or 415 empty; we say in a line what was wrong, and in a fault when the version of the ' +
    'envelope is known.',
};

export const HEAD: Reason = {
  title: 'HEAD',
  text: 'HEAD answers as GET would, without a body.',
};

export const OPTIONS: Reason = {
  title: 'OPTIONS',
  text: 'OPTIONS is answered with the methods there are.',
};

export const PAGE_CHARSET: Reason = {
  title: 'Charset of pages',
  text: 'The page is UTF-8 and says so.',
};

export const LIKE_IIS: Reason = {
  title: 'As on IIS',
  text: 'The recording is of Mono; this is what .NET on IIS answers, and clients were made against that.',
};

export const LINE_FEEDS: Reason = {
  title: 'Line breaks',
  text: 'Line breaks are line feeds everywhere, as they are in XML; .NET on IIS writes CR LF.',
};

export const PATH_CASE: Reason = {
  title: 'Case of the address',
  text: 'The address is found whatever the case of its letters, as on IIS.',
};

export const OPERATION_PAGES: Reason = {
  title: 'Pages of operations',
  text: "Every operation has its page with a form and samples; Mono's generator of that page fails.",
};

export const NO_SUCH_PAGE: Reason = {
  title: 'Pages that do not exist',
  text: 'A page that does not exist is not an error of the server.',
};

export const NO_PLATFORM: Reason = {
  title: 'Platform header',
  text: 'The header names a platform that this server does not run on.',
};

export const MARKUP: Reason = {
  title: 'Markup in parameters',
  text: 'ASP.NET looks for markup in parameters unless it is told not to, as it must be where `xmlParameters` is XML.',
};

export const COMPRESSED_ANSWERS: Reason = {
  title: 'Compressed answers',
  text: 'Long answers are compressed for callers that accept it, but never content: it would cost more than it saves.',
};

export const MTOM: Reason = {
  title: 'MTOM',
  text: 'Content may come in a part of its own, as it is, instead of as base64, and is answered so to callers who send it so.',
};
