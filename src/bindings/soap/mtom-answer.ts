import { CONTENT_MARK } from '../../contract/element-writer.js';
import { newGuid } from '../../values/guid.js';
import type { Answer } from '../answer.js';
import type { SoapVersion } from './soap-version.js';

/** The names of the parts. There are never more than two. */
const ROOT = 'root@lighterage';
const CONTENT = 'content@lighterage';

const INCLUDE = `<xop:Include xmlns:xop="http://www.w3.org/2004/08/xop/include" href="cid:${CONTENT}" />`;

/**
 * Packs an answer as MTOM (SOAP MTOM, 3.1.1; XOP, 4): the envelope as one part, and its content, where it has any, as it is in another.
 * Content that is markup belongs to the envelope.
 */
export function packAsMtom(answer: Answer, version: SoapVersion): Answer {
  const boundary = `uuid:${newGuid()}`;
  const packed = answer.content?.isMarkup ? undefined : answer.content;
  const innerType = version.name === '1.1' ? 'text/xml' : 'application/soap+xml';
  const root = part(
    boundary,
    `application/xop+xml; charset=UTF-8; type="${innerType}"`,
    ROOT,
    packed ? answer.text.replace(CONTENT_MARK, INCLUDE) : answer.text,
  );
  const content = packed ? part(boundary, 'application/octet-stream', CONTENT, CONTENT_MARK) : '';
  return {
    ...answer,
    contentType:
      `multipart/related; type="application/xop+xml"; boundary="${boundary}"; ` +
      `start="<${ROOT}>"; start-info="${innerType}"`,
    text: `${root}${content}--${boundary}--\r\n`,
    encoding: 'raw',
  };
}

function part(boundary: string, type: string, id: string, body: string): string {
  return (
    `--${boundary}\r\nContent-Type: ${type}\r\nContent-Transfer-Encoding: binary\r\n` +
    `Content-ID: <${id}>\r\n\r\n${body}\r\n`
  );
}
