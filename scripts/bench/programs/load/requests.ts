import { Cargo, type Encoded } from './cargo.js';
import type { DownloadJob, UploadJob } from './load-job.js';

/** The pieces of a request. */
export type Request = readonly (Buffer | string)[];

const SOAP = 'http://schemas.xmlsoap.org/soap/envelope/';
const NAMESPACE = 'http://tempuri.org/';
const BOUNDARY = '----------------------------bench7d1f4c0e9b2a';

/** What makes the requests of an upload: for each handler a function from the chunk's number to the request. */
export function uploadRequests(job: UploadJob): ((n: number) => Request)[] {
  const cargo = new Cargo(job.chunkSize);
  const make = makers[job.format](job, cargo);
  return job.handlers.map(make);
}

type Maker = (job: UploadJob, cargo: Cargo) => (handler: string) => (n: number) => Request;

const makers: Record<UploadJob['format'], Maker> = {
  soap: ({ ticket }, cargo) => {
    const content = cargo.base64();
    const crc = cargo.crc;
    return (handler) => {
      const [before, after] = uploadEnvelope(ticket, handler, crc);
      return once(soapHead('UploadFileChunk', 'text/xml; charset=utf-8'), before, content, after);
    };
  },

  mtom: ({ ticket }, cargo) => {
    const content = cargo.raw();
    const crc = cargo.crc;
    const type = `multipart/related; type="application/xop+xml"; start="<envelope>"; start-info="text/xml"; boundary="${BOUNDARY}"`;
    return (handler) => {
      const include = '<xop:Include xmlns:xop="http://www.w3.org/2004/08/xop/include" href="cid:chunk"/>';
      const before =
        `--${BOUNDARY}\r\nContent-Type: application/xop+xml; charset=utf-8; type="text/xml"\r\nContent-Transfer-Encoding: binary\r\n` +
        `Content-ID: <envelope>\r\n\r\n${uploadEnvelope(ticket, handler, crc).join(include)}\r\n--${BOUNDARY}\r\n` +
        'Content-Type: application/octet-stream\r\nContent-Transfer-Encoding: binary\r\nContent-ID: <chunk>\r\n\r\n';
      return once(soapHead('UploadFileChunk', type), before, content, `\r\n--${BOUNDARY}--\r\n`);
    };
  },

  multipart: ({ ticket }, cargo) => {
    const content = cargo.raw();
    const crc = cargo.crc;
    const field = (name: string, value: string) =>
      `--${BOUNDARY}\r\nContent-Disposition: form-data; name="${name}"\r\n\r\n${value}\r\n`;
    return (handler) => {
      const before =
        field('authenticationTicket', ticket) +
        field('uploadHandler', handler) +
        field('chunkHEXCRC', crc) +
        field('lastChunk', 'false') +
        `--${BOUNDARY}\r\nContent-Disposition: form-data; name="fileChunk"; filename="chunk"\r\n` +
        'Content-Type: application/octet-stream\r\n\r\n';
      return once(formHead(`multipart/form-data; boundary=${BOUNDARY}`), before, content, `\r\n--${BOUNDARY}--\r\n`);
    };
  },

  urlencoded: ({ ticket }, cargo) => {
    const content = cargo.urlencoded();
    const crc = cargo.crc;
    return (handler) => {
      const before = `authenticationTicket=${ticket}&uploadHandler=${handler}&fileChunk=`;
      const after = `&chunkHEXCRC=${crc}&lastChunk=false`;
      return once(formHead('application/x-www-form-urlencoded'), before, content, after);
    };
  },

  tus: ({ chunkSize }, cargo) => {
    const content = cargo.raw();
    return (path) => (n) => [
      `PATCH ${path} HTTP/1.1\r\nHost: localhost\r\nTus-Resumable: 1.0.0\r\nUpload-Offset: ${n * chunkSize}\r\n` +
        `Content-Type: application/offset+octet-stream\r\nContent-Length: ${content.length}\r\n\r\n`,
      ...content.pieces,
    ];
  },
};

/** The requests of a download: for each handler a function from the chunk's number to the request. */
export function downloadRequests(job: DownloadJob): ((n: number) => Request)[] {
  const { chunkSize, fileSize, format, ticket } = job;
  const chunks = Math.floor(fileSize / chunkSize);
  /* Everybody begins at another place, so that nobody profits from another's reading. */
  return job.handlers.map((handler, index) => (n) => {
    const offset = ((n + index) % chunks) * chunkSize;
    if (format === 'get') {
      const query = `authenticationTicket=${ticket}&DownloadHandler=${handler}&StartOffset=${offset}&ChunkSize=${chunkSize}`;
      return [getRequest(`/srv.asmx/DownloadFileChunk?${query}`)];
    }
    const body =
      `<?xml version="1.0" encoding="utf-8"?><soap:Envelope xmlns:soap="${SOAP}"><soap:Body><DownloadFileChunk xmlns="${NAMESPACE}">` +
      `<authenticationTicket>${ticket}</authenticationTicket><DownloadHandler>${handler}</DownloadHandler>` +
      `<StartOffset>${offset}</StartOffset><ChunkSize>${chunkSize}</ChunkSize></DownloadFileChunk></soap:Body></soap:Envelope>`;
    return [`${soapHead('DownloadFileChunk', 'text/xml; charset=utf-8')}${body.length}\r\n\r\n${body}`];
  });
}

export function getRequest(target: string): string {
  return `GET ${target} HTTP/1.1\r\nHost: localhost\r\n\r\n`;
}

/** A request that is the same for every chunk. The head is one up to the value of its last field, the length. */
function once(head: string, before: string, content: Encoded, after: string): () => Request {
  const length = before.length + content.length + after.length;
  const request = [`${head}${length}\r\n\r\n${before}`, ...content.pieces, after];
  return () => request;
}

function soapHead(operation: string, type: string): string {
  return (
    `POST /srv.asmx HTTP/1.1\r\nHost: localhost\r\nContent-Type: ${type}\r\n` +
    `SOAPAction: "${NAMESPACE}${operation}"\r\nContent-Length: `
  );
}

function formHead(type: string): string {
  return `POST /srv.asmx/UploadFileChunk HTTP/1.1\r\nHost: localhost\r\nContent-Type: ${type}\r\nContent-Length: `;
}

/** An envelope, without the content between its two halves. */
function uploadEnvelope(ticket: string, handler: string, crc: string): [before: string, after: string] {
  return [
    `<?xml version="1.0" encoding="utf-8"?><soap:Envelope xmlns:soap="${SOAP}"><soap:Body><UploadFileChunk xmlns="${NAMESPACE}">` +
      `<authenticationTicket>${ticket}</authenticationTicket><uploadHandler>${handler}</uploadHandler><fileChunk>`,
    `</fileChunk><chunkHEXCRC>${crc}</chunkHEXCRC><lastChunk>false</lastChunk></UploadFileChunk></soap:Body></soap:Envelope>`,
  ];
}
