import type { Answer } from '../../scripts/client/answer.js';
import { bytesOf, type Content, contentOf, crc32Of, type Piece } from './cargo.js';
import type { Desk } from './client.js';
import type { DocumentEntry, UploadEntry } from './ledger.js';
import { Violation } from './violation.js';

/** Uploads a client has open at most. */
const MOST_OPEN = 4;

/** The chunks of a file, more or less. */
const CHUNKS = 5;

/** Documents of its own a client has; more commits are new versions. */
const MOST_DOCUMENTS = 40;

/** Uploads in chunks, and in one call. */
export class Uploading {
  readonly #desk: Desk;

  constructor(desk: Desk) {
    this.#desk = desk;
  }

  async begin(): Promise<void> {
    const { ledger, line, session } = this.#desk;
    if (session.uploads.size >= MOST_OPEN) return this.discard();
    const doubtful = ledger.doubtfulHandlers(session.user);
    doubtful.uploads++;
    const { attributes } = await line.call('CreateUploadHandler', this.#args({ PreferedChunkSize: 0 }));
    doubtful.uploads--;
    session.uploads.add({
      handler: attributes['UploadHandler'] ?? '',
      pieces: [],
      isComplete: false,
      damaged: undefined,
      doubt: undefined,
    });
  }

  /** The next chunk of some upload; now and then one that is damaged on its way. */
  async sendChunk(): Promise<void> {
    const { random } = this.#desk;
    const upload = this.#pick((each) => !each.isComplete);
    if (!upload) return;
    if (upload.damaged === undefined && random.oneIn(12)) return this.#sendDamaged(upload);
    const isLast = random.oneIn(CHUNKS);
    const piece = upload.damaged ?? this.#newPiece(isLast);
    upload.doubt = { kind: 'chunk', piece, isLast };
    const answer = await this.#send(upload, piece, { isLast });
    upload.doubt = undefined;
    upload.damaged = undefined;
    upload.pieces.push(piece);
    upload.isComplete = isLast;
    requireTaken(upload, answer);
  }

  /** Whether the answer comes or not, that chunk has to be sent again, and nothing is appended. */
  async #sendDamaged(upload: UploadEntry): Promise<void> {
    upload.damaged = this.#newPiece(false);
    const { attributes, tag } = await this.#send(upload, upload.damaged, { isLast: false, isDamaged: true });
    if (attributes['success'] === 'false' && attributes['tryagain'] === 'true') return;
    throw new Violation(`A chunk with a wrong checksum was answered with ${tag}.`);
  }

  /** The last chunk once more, as callers do who have not got its answer. */
  async repeatLast(): Promise<void> {
    const upload = this.#pick((each) => each.isComplete);
    const piece = upload?.pieces.at(-1);
    if (upload && piece) requireTaken(upload, await this.#send(upload, piece, { isLast: true }));
  }

  async commit(): Promise<void> {
    const { ledger, line, session } = this.#desk;
    const upload = this.#pick((each) => each.isComplete);
    if (!upload) return;
    upload.doubt = { kind: 'commit' };
    const document = this.#target();
    await this.#commitTo(document, contentOf(upload.pieces), () =>
      line.call('UploadDocumentWithHandler', this.#args({ path: document.path, uploadHandler: upload.handler })),
    );
    ledger.endUpload(session, upload, 'was committed');
  }

  /** An upload in one call. */
  async store(): Promise<void> {
    const { line, random } = this.#desk;
    const content = contentOf([this.#newPiece(false)]);
    const document = this.#target();
    await this.#commitTo(document, content, () =>
      line.call(
        'UploadDocument',
        this.#args({ path: document.path, fileContent: bytesOf(content.pieces) }),
        random.pick(['SOAP 1.1', 'POST']),
      ),
    );
  }

  async discard(): Promise<void> {
    const { ledger, line, session } = this.#desk;
    const upload = this.#pick(() => true);
    if (!upload) return;
    upload.doubt = { kind: 'deletion' };
    await line.call('DeleteUploadHandler', this.#args({ UploadHandler: upload.handler }));
    ledger.endUpload(session, upload, 'was deleted');
  }

  async #commitTo(document: DocumentEntry, content: Content, call: () => Promise<Answer>): Promise<void> {
    document.doubts.add(content);
    const { attributes } = await call();
    document.doubts.delete(content);
    this.#desk.ledger.fresh.add(document);
    const number = Number(attributes['VersionId']);
    if (document.versions.has(number)) throw new Violation(`${document.path} was given the version ${number} twice.`);
    document.versions.set(number, content);
  }

  /** Where to commit: to a new document, to one there is, or to one that others write to as well. */
  #target(): DocumentEntry {
    const { home, ledger, random, sharedPaths } = this.#desk;
    if (random.oneIn(5)) return ledger.document(random.pick(sharedPaths));
    const own = [...ledger.documents.values()].filter(({ path }) => path.startsWith(`${home}-`));
    if (own.length >= MOST_DOCUMENTS || (own.length > 0 && random.oneIn(3))) return random.pick(own);
    return ledger.document(`${home}-${random.below(2 ** 31)}.txt`);
  }

  /** Small ones more often, so that much happens; and some that take a while. */
  #newPiece(mayBeEmpty: boolean): Piece {
    const { random } = this.#desk;
    if (mayBeEmpty && random.oneIn(4)) return { seed: 0, length: 0 };
    const most = random.oneIn(5) ? 600_000 : 40_000;
    return { seed: random.below(2 ** 31), length: 1 + random.below(most) };
  }

  async #send(upload: UploadEntry, piece: Piece, how: { isLast: boolean; isDamaged?: boolean }): Promise<Answer> {
    const { line, random } = this.#desk;
    const bytes = bytesOf([piece]);
    const checksum = how.isDamaged ? (crc32Of(bytes) ^ 1) >>> 0 : crc32Of(bytes);
    const args = this.#args({
      uploadHandler: upload.handler,
      fileChunk: bytes,
      chunkHEXCRC: checksum.toString(16),
      lastChunk: how.isLast,
    });
    return line.ask('UploadFileChunk', args, random.pick(['SOAP 1.1', 'POST']));
  }

  #pick(isWanted: (upload: UploadEntry) => boolean): UploadEntry | undefined {
    const { random, session } = this.#desk;
    const choices = [...session.uploads].filter((upload) => !upload.doubt && isWanted(upload));
    return choices.length === 0 ? undefined : random.pick(choices);
  }

  #args<T extends object>(args: T): T & { authenticationTicket: string } {
    return { authenticationTicket: this.#desk.session.ticket, ...args };
  }
}

/** The chunk was taken; and if it was the last, the server has the file that was sent. @throws Violation */
function requireTaken({ handler, isComplete, pieces }: UploadEntry, { attributes, tag }: Answer): void {
  if (attributes['success'] !== 'true') {
    throw new Violation(`The upload ${handler} does not go on behind the chunks it has acknowledged: ${tag}`);
  }
  if (!isComplete) return;
  const expected = crc32Of(bytesOf(pieces)).toString(16).toUpperCase();
  if (attributes['filehexcrc'] === expected) return;
  throw new Violation(`The upload ${handler} is another file than was sent, with the CRC32 ${expected}: ${tag}`);
}
