import { createHash } from 'node:crypto';
import http from 'node:http';
import type { AddressInfo } from 'node:net';
import net from 'node:net';
import express from 'express';
import { SaxesParser } from 'saxes';
import request from 'supertest';
import { pageRoutes } from '../../../src/bindings/pages/page-routes.js';
import { TextBudget } from '../../../src/bindings/payload/text-budget.js';
import { loadContract, readWsdl } from '../../../src/contract/wsdl-reader.js';

const contract = loadContract();
const operations = [...contract.operations.values()];

const service = (trustProxy = false, texts = new TextBudget(Infinity)) =>
  express().use(pageRoutes(contract, { texts, trustProxy }));
const get = (path: string) => request(service()).get(path).set('Host', 'docs.example:8080');

test.each(['identity', 'gzip'])(
  'a page counts among the texts of all calls until it has been taken, for what it is before any %s',
  async (encoding) => {
    const get = (application: express.Express) =>
      request(application).get('/srv.asmx?wsdl').set('Accept-Encoding', encoding);
    const roomForOne = service(false, new TextBudget(200_000));
    for (let n = 0; n < 3; n++) expect((await get(roomForOne)).status).toBe(200);
    await expect(get(service(false, new TextBudget(50_000)))).rejects.toThrow('socket hang up');
  },
);

describe('the WSDL', () => {
  test.each(['?WSDL', '?wsdl', '?WsDl', '?wsdl&x=1', '?x=1&wsdl'])('is the answer to %s', async (query) => {
    const { status, headers, text } = await get(`/srv.asmx${query}`);
    expect(status).toBe(200);
    expect(headers['content-type']).toBe('text/xml; charset=utf-8');
    expect(headers['cache-control']).toBe('private, max-age=0');
    expect(text).toMatch(/^<\?xml version="1.0" encoding="utf-8"\?>\n<wsdl:definitions /);
  });

  test('is the contract, with the address of the request in every port', async () => {
    const { text } = await get('/srv.asmx?WSDL');
    expect([...readWsdl(text).operations.keys()]).toEqual([...contract.operations.keys()]);
    expect(addressesIn(text)).toEqual(Array(4).fill('http://docs.example:8080/srv.asmx'));
    expect(text).not.toContain('localhost');
    expect(text).not.toContain('<!--');
  });

  test('is found whatever the case of the path', async () => {
    expect((await get('/SRV.ASMX?WSDL')).status).toBe(200);
  });

  test.each([
    ['?WSDL=', 'XML Web service description was not found.\n'],
    ['?wsdl=wsdl0', 'XML Web service description was not found.\n'],
    ['?schema=schema1', 'Schema not found.\n'],
  ])('has no parts: %s', async (query, message) => {
    const { status, headers, text } = await get(`/srv.asmx${query}`);
    expect([status, headers['content-type'], text]).toEqual([500, 'text/plain; charset=utf-8', message]);
    expect(headers['cache-control']).toBe('private');
  });
});

describe('the address in the WSDL', () => {
  const cases: readonly (readonly [
    what: string,
    trusted: boolean,
    headers: Record<string, string>,
    address: string,
  ])[] = [
    ['is the Host', false, { Host: 'docs.example' }, 'http://docs.example/srv.asmx'],
    ['may be an IPv6 address', false, { Host: '[::1]:8080' }, 'http://[::1]:8080/srv.asmx'],
    [
      'is not what a caller claims to have forwarded',
      false,
      {
        Host: 'docs.example',
        'X-Forwarded-Host': 'evil.example',
        'X-Forwarded-Proto': 'https',
        'X-Forwarded-Prefix': '/x',
      },
      'http://docs.example/srv.asmx',
    ],
    [
      'is what a trusted proxy says',
      true,
      {
        Host: '127.0.0.1:8080',
        'X-Forwarded-Host': 'docs.example',
        'X-Forwarded-Proto': 'https',
        'X-Forwarded-Prefix': '/dms/v2/',
      },
      'https://docs.example/dms/v2/srv.asmx',
    ],
    [
      'is what the first of several proxies saw',
      true,
      { Host: 'inner', 'X-Forwarded-Host': 'docs.example , middle', 'X-Forwarded-Proto': 'HTTPS,http' },
      'https://docs.example/srv.asmx',
    ],
    [
      'is without what cannot be read of it',
      true,
      {
        Host: 'docs.example',
        'X-Forwarded-Host': 'a"b',
        'X-Forwarded-Proto': 'gopher',
        'X-Forwarded-Prefix': '//evil.example',
      },
      'http://docs.example/srv.asmx',
    ],
    [
      'has no markup in it',
      true,
      { Host: 'docs.example', 'X-Forwarded-Prefix': '/a"><b' },
      'http://docs.example/srv.asmx',
    ],
  ];

  test.each(cases)('%s', async (_what, trusted, headers, address) => {
    const { text } = await request(service(trusted)).get('/srv.asmx?WSDL').set(headers);
    expect(addressesIn(text)).toEqual(Array(4).fill(address));
  });

  test.each(['a"b', '<script>', 'a b', 'host/path', 'user@host', 'host:port', "a'b", '&amp;'])(
    'is never made of a Host that is none: %s',
    async (host) => {
      for (const path of ['/srv.asmx?WSDL', '/srv.asmx']) {
        const { status, headers, text } = await request(service()).get(path).set('Host', host);
        expect([status, headers['content-type']]).toEqual([400, 'text/plain; charset=utf-8']);
        expect(text).toBe('The Host header does not name a host.\n');
      }
    },
  );

  test('is the one reached when HTTP/1.0 names no host', async () => {
    const server = http.createServer(service()).listen(0, '127.0.0.1');
    await new Promise((resolve) => server.once('listening', resolve));
    const { port } = server.address() as AddressInfo;
    try {
      const answer = await exchange(port, 'GET /srv.asmx?WSDL HTTP/1.0\r\n\r\n');
      expect(addressesIn(answer)).toEqual(Array(4).fill(`http://127.0.0.1:${port}/srv.asmx`));
    } finally {
      server.close();
    }
  });
});

test('the discovery document names the WSDL, the help page and both SOAP ports', async () => {
  const { status, headers, text } = await get('/srv.asmx?DISCO');
  expect([status, headers['content-type']]).toEqual([200, 'text/xml; charset=utf-8']);
  expect(text).toBe(`<?xml version="1.0" encoding="utf-8"?>
<discovery xmlns:xsd="http://www.w3.org/2001/XMLSchema" xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance" xmlns="http://schemas.xmlsoap.org/disco/">
  <contractRef ref="http://docs.example:8080/srv.asmx?wsdl" docRef="http://docs.example:8080/srv.asmx" xmlns="http://schemas.xmlsoap.org/disco/scl/" />
  <soap address="http://docs.example:8080/srv.asmx" xmlns:q1="http://tempuri.org/" binding="q1:srvSoap" xmlns="http://schemas.xmlsoap.org/disco/soap/" />
  <soap address="http://docs.example:8080/srv.asmx" xmlns:q2="http://tempuri.org/" binding="q2:srvSoap12" xmlns="http://schemas.xmlsoap.org/disco/soap/" />
</discovery>`);
});

describe('the help page', () => {
  test.each(['', '?', '?singleWsdl', '?wsdl&disco', '?disco=', '?x=1', '?%'])('is the answer to %j', async (query) => {
    const { status, headers, text } = await get(`/srv.asmx${query}`);
    expect([status, headers['content-type']]).toEqual([200, 'text/html; charset=utf-8']);
    expect(text).toContain('<title>srv Web Service</title>');
    expect(text).toContain('href="?WSDL"');
  });

  test('lists every operation with its description and a link to its page', async () => {
    const { text } = await get('/srv.asmx');
    for (const { name, documentation } of operations) {
      expect(text).toContain(`<a href="?op=${name}">${name}</a><p>${documentation}</p>`);
    }
    expect(text).toContain(contract.documentation);
  });

  test.each(['Nope', 'logout', '', '<script>alert(1)</script>', '"><b>', '\ue000'])(
    'says which operation is not there: %j',
    async (name) => {
      const { status, headers, text } = await get(`/srv.asmx?op=${encodeURIComponent(name)}`);
      expect([status, headers['content-type']]).toEqual([404, 'text/html; charset=utf-8']);
      const shown = name.replaceAll('<', '&lt;').replaceAll('>', '&gt;').replaceAll('"', '&quot;');
      expect(text).toContain(`There is no operation <code>${shown}</code>.`);
      expect(text).not.toContain('<script');
      expect(text).toContain('<a href="?op=LogOut">LogOut</a>');
    },
  );
});

describe('the page of an operation', () => {
  test.each(operations)('$name has a form that posts its parameters', async ({ name, documentation, parameters }) => {
    const { status, text } = await get(`/srv.asmx?op=${name}`);
    expect(status).toBe(200);
    expect(text).toContain(`<h1>${name}</h1>`);
    expect(text).toContain(documentation);
    const hasContent = parameters.some(({ type }) => type === 'base64Binary');
    const encoding = hasContent ? 'multipart/form-data' : 'application/x-www-form-urlencoded';
    expect(text).toContain(`<form method="post" action="srv.asmx/${name}" enctype="${encoding}"`);
    expect(inputsIn(text)).toEqual(parameters.map((parameter) => parameter.name));
  });

  test('takes content from a file, numbers with a value, booleans as a box and passwords unseen', async () => {
    const chunk = (await get('/srv.asmx?op=UploadFileChunk')).text;
    expect(chunk).toContain('<input type="file" name="fileChunk">');
    expect(chunk).toContain('<input type="checkbox" name="lastChunk" value="true">');
    expect((await get('/srv.asmx?op=CreateUploadHandler')).text).toContain(
      '<input type="number" name="PreferedChunkSize" value="0">',
    );
    expect((await get('/srv.asmx?op=AuthenticateUser')).text).toContain('<input type="password" name="PWD"');
    expect((await get('/srv.asmx?op=CreateTicketforUser')).text).toContain(
      '<input type="password" name="TrustedUserPwd"',
    );
  });

  test('shows the messages of every binding', async () => {
    const { text } = await get('/srv.asmx?op=DownloadFileChunk');
    const [soap11Request, soap11Response, soap12Request, , getRequest, , postRequest, postResponse, ...more] =
      samplesIn(text);
    expect(soap11Request).toBe(`POST /srv.asmx HTTP/1.1
Host: docs.example:8080
Content-Type: text/xml; charset=utf-8
Content-Length: length
SOAPAction: "http://tempuri.org/DownloadFileChunk"

<?xml version="1.0" encoding="utf-8"?>
<soap:Envelope xmlns:soap="http://schemas.xmlsoap.org/soap/envelope/" xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance" xmlns:xsd="http://www.w3.org/2001/XMLSchema">
  <soap:Body>
    <DownloadFileChunk xmlns="http://tempuri.org/">
      <authenticationTicket>string</authenticationTicket>
      <DownloadHandler>string</DownloadHandler>
      <StartOffset>long</StartOffset>
      <ChunkSize>int</ChunkSize>
    </DownloadFileChunk>
  </soap:Body>
</soap:Envelope>`);
    expect(soap11Response).toContain(`
    <DownloadFileChunkResponse xmlns="http://tempuri.org/">
      <DownloadFileChunkResult>xml</DownloadFileChunkResult>
    </DownloadFileChunkResponse>`);
    expect(soap12Request).toContain(
      'Content-Type: application/soap+xml; charset=utf-8; action="http://tempuri.org/DownloadFileChunk"',
    );
    expect(soap12Request).toContain('<soap:Envelope xmlns:soap="http://www.w3.org/2003/05/soap-envelope"');
    expect(getRequest).toBe(
      'GET /srv.asmx/DownloadFileChunk?authenticationTicket=string&DownloadHandler=string&StartOffset=long&ChunkSize=int HTTP/1.1\nHost: docs.example:8080',
    );
    expect(postRequest).toContain('Content-Type: application/x-www-form-urlencoded');
    expect(postRequest).toMatch(
      /\n\nauthenticationTicket=string&DownloadHandler=string&StartOffset=long&ChunkSize=int$/,
    );
    expect(postResponse).toContain('Content-Type: text/xml; charset=utf-8');
    expect(more).toEqual([]);
  });

  test.each(operations)('$name has well-formed envelopes in its samples', async ({ name }) => {
    const samples = samplesIn((await get(`/srv.asmx?op=${name}`)).text);
    const envelopes = samples.slice(0, 4).map((text) => text.slice(text.indexOf('<?xml')));
    for (const envelope of envelopes) {
      const parser = new SaxesParser({ xmlns: true });
      parser.on('error', (error) => {
        throw error;
      });
      expect(() => parser.write(envelope).close()).not.toThrow();
    }
  });

  test('shows a multipart message where there is content to send', async () => {
    const samples = samplesIn((await get('/srv.asmx?op=UploadDocument')).text);
    expect(samples.at(-2)).toBe(`POST /srv.asmx/UploadDocument HTTP/1.1
Host: docs.example:8080
Content-Type: multipart/form-data; boundary=boundary
Content-Length: length

--boundary
Content-Disposition: form-data; name="authenticationTicket"

string
--boundary
Content-Disposition: form-data; name="path"

string
--boundary
Content-Disposition: form-data; name="fileContent"; filename="name"
Content-Type: application/octet-stream

bytes
--boundary--`);
  });

  test('shows bytes where the answer is bytes, and no query where there are no parameters', async () => {
    const download = samplesIn((await get('/srv.asmx?op=DownloadDocument')).text);
    expect(download[1]).toContain('<DownloadDocumentResult>base64Binary</DownloadDocumentResult>');
    expect(download[5]).toContain('Content-Type: application/octet-stream');
    const info = samplesIn((await get('/srv.asmx?op=ServerInfo')).text);
    expect(info[0]).toContain('<ServerInfo xmlns="http://tempuri.org/" />');
    expect(info[4]).toContain('GET /srv.asmx/ServerInfo HTTP/1.1');
  });

  test('shows the path under which a proxy publishes the service', async () => {
    const { text } = await request(service(true))
      .get('/srv.asmx?op=LogOut')
      .set({ 'X-Forwarded-Host': 'docs.example', 'X-Forwarded-Prefix': '/dms' });
    expect(samplesIn(text)[0]).toMatch(/^POST \/dms\/srv.asmx HTTP\/1.1\nHost: docs.example\n/);
    expect(text).toContain('action="srv.asmx/LogOut"');
  });
});

describe('every page', () => {
  const pages = ['/srv.asmx', '/srv.asmx?op=UploadFileChunk', '/srv.asmx?op=Nope'];

  test.each(pages)('%s runs nothing, fetches nothing and is framed by no one', async (path) => {
    const { headers, text } = await get(path);
    const style = /<style>([^]*?)<\/style>/.exec(text)?.[1] ?? '';
    const hash = createHash('sha256').update(style).digest('base64');
    expect(headers['content-security-policy']).toBe(
      `default-src 'none'; style-src 'sha256-${hash}'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'`,
    );
    expect(headers['referrer-policy']).toBe('no-referrer');
    expect(headers['cache-control']).toBe('private, max-age=0');
    expect(text).not.toMatch(/<script|\sstyle=|\son\w+=|\ssrc=|url\(|@import/);
  });

  test.each([...pages, '/srv.asmx?WSDL', '/srv.asmx?WSDL=', '/srv.asmx?disco'])(
    '%s answers HEAD with the headers of GET',
    async (path) => {
      const toGet = await get(path).set('Accept-Encoding', 'gzip');
      const toHead = await request(service()).head(path).set({ Host: 'docs.example:8080', 'Accept-Encoding': 'gzip' });
      expect(toHead.status).toBe(toGet.status);
      for (const name of [
        'content-type',
        'content-length',
        'content-encoding',
        'cache-control',
        'content-security-policy',
      ]) {
        expect(toHead.headers[name]).toBe(toGet.headers[name]);
      }
      expect(toHead.text).toBeFalsy();
    },
  );
});

describe('what is not a page', () => {
  test.each([
    ['POST', '/srv.asmx'],
    ['PUT', '/srv.asmx'],
    ['GET', '/srv.asmx/'],
    ['GET', '/srv.asmx/LogOut'],
    ['GET', '/other.asmx'],
  ])('%s %s goes on to the next handler', async (method, path) => {
    const app = service().use((_request, response) => void response.status(299).send('next'));
    const agent = request(app);
    const answer = await (method === 'GET' ? agent.get(path) : method === 'PUT' ? agent.put(path) : agent.post(path));
    expect(answer.status).toBe(299);
  });
});

function addressesIn(wsdl: string): readonly string[] {
  return [...wsdl.matchAll(/<(?:soap|soap12|http):address location="([^"]*)"/g)].map(([, address]) => address ?? '');
}

function inputsIn(page: string): readonly string[] {
  return [...page.matchAll(/<input [^>]*name="([^"]*)"/g)].map(([, name]) => name ?? '');
}

/** The samples of a page as a reader sees them. */
function samplesIn(page: string): readonly string[] {
  return [...page.matchAll(/<pre>([^]*?)<\/pre>/g)].map(([, sample = '']) =>
    sample
      .replaceAll(/<\/?var>/g, '')
      .replaceAll('&lt;', '<')
      .replaceAll('&gt;', '>')
      .replaceAll('&quot;', '"')
      .replaceAll('&amp;', '&'),
  );
}

/** Sends a request byte by byte as given and returns all of the answer. */
function exchange(port: number, message: string): Promise<string> {
  return new Promise((resolve, reject) => {
    let answer = '';
    net
      .connect(port, '127.0.0.1')
      .setEncoding('utf8')
      .on('data', (text: string) => (answer += text))
      .on('end', () => resolve(answer))
      .on('error', reject)
      .end(message);
  });
}
