/**
 * The job of UploadFileChunk and DownloadFileChunk done the usual way: node-soap on the same WSDL, the content as a string argument and as
 * a string result. No tickets, no database.
 *
 * `node node-soap-server.js <directory> <wsdl>`; prints where it listens. `DELETE /` removes what was uploaded.
 */
import fs from 'node:fs';
import http from 'node:http';
import path from 'node:path';
import zlib from 'node:zlib';
import { listen } from 'soap';
import { listenAndTell } from './listen-and-tell.js';

const [, , directory = '.', wsdl = ''] = process.argv;
const uploaded = new Set<string>();

interface UploadArguments {
  readonly uploadHandler: string;
  readonly fileChunk: string;
  readonly chunkHEXCRC: string;
}

interface DownloadArguments {
  readonly DownloadHandler: string;
  readonly StartOffset: string;
  readonly ChunkSize: string;
}

const operations = {
  async UploadFileChunk({ uploadHandler, fileChunk, chunkHEXCRC }: UploadArguments) {
    const bytes = Buffer.from(fileChunk, 'base64');
    if (zlib.crc32(bytes) !== Number.parseInt(chunkHEXCRC, 16)) {
      return { UploadFileChunkResult: { root: { attributes: { success: 'false', tryagain: 'true' } } } };
    }
    uploaded.add(uploadHandler);
    await fs.promises.appendFile(fileOf(uploadHandler), bytes);
    return { UploadFileChunkResult: { root: { attributes: { success: 'true', tryagain: 'false' } } } };
  },

  async DownloadFileChunk({ DownloadHandler, StartOffset, ChunkSize }: DownloadArguments) {
    const file = await fs.promises.open(fileOf(DownloadHandler), 'r');
    try {
      const { size } = await file.stat();
      const offset = Number(StartOffset);
      const bytes = Buffer.alloc(Math.min(Number(ChunkSize), size - offset));
      await file.read(bytes, 0, bytes.length, offset);
      const attributes = {
        success: 'true',
        filelength: size,
        chunklength: bytes.length,
        lastchunk: offset + bytes.length === size,
        chunkCRC32: zlib.crc32(bytes).toString(16).padStart(8, '0'),
      };
      return { DownloadFileChunkResult: { response: { attributes, $value: bytes.toString('base64') } } };
    } finally {
      await file.close();
    }
  },
};

const server = http.createServer((_request, response) => {
  for (const name of uploaded) fs.rmSync(fileOf(name), { force: true });
  uploaded.clear();
  response.writeHead(204).end();
});
listen(server, {
  path: '/srv.asmx',
  xml: fs.readFileSync(wsdl, 'utf8'),
  services: { srv: { srvSoap: operations } },
  callback: (error: unknown) => {
    if (error) throw error as Error;
    listenAndTell(server);
  },
});

function fileOf(name: string): string {
  return path.join(directory, path.basename(name));
}
