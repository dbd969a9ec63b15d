/** A path as a caller wrote it, taken apart. Whether anything is there is not known yet. */
export type Path =
  | {
      /** Names, the first that of a library (or, below a folder's number, of something in that folder). */
      readonly kind: 'names';
      /** The folder the names start from; undefined for the root, in which the libraries are. */
      readonly folderId: number | undefined;
      readonly names: readonly string[];
      /** Whether a slash follows the last name: then it can be a folder only. */
      readonly endsWithSlash: boolean;
    }
  | { readonly kind: 'document'; readonly documentId: number };

/* At most 15 digits, so that the number is exact. */
const DOCUMENT_NUMBER = /^~D(\d{1,15})(?:\..*)?$/is;
const FOLDER_NUMBER = /^~F(\d{1,15})$/i;

/**
 * Takes a path apart: `/Library/Folder/Name.ext` with `\` for `/` where the caller likes, and slashes doubled or left out in
 * front; `~D{id}` and `~D{id}.ext` for a document; `~F{id}` for a folder and `~F{id}/Name` for what is in it (CONTRACT). The
 * short forms count in first place only; further down a name may look like one. White space around it all is the caller's layout, as
 * in a form whose parameters stand on lines of their own (seed GetDownloadHandler, POST Request): no name begins or ends with it.
 */
export function parsePath(text: string): Path {
  const parts = text.trim().replaceAll('\\', '/').split('/');
  const names = parts.filter((part) => part !== '');
  const endsWithSlash = names.length > 0 && parts.at(-1) === '';
  const first = names[0] ?? '';
  const document = names.length === 1 && !endsWithSlash ? DOCUMENT_NUMBER.exec(first) : null;
  if (document) return { kind: 'document', documentId: Number(document[1]) };
  const folder = FOLDER_NUMBER.exec(first);
  if (folder) return { kind: 'names', folderId: Number(folder[1]), names: names.slice(1), endsWithSlash };
  return { kind: 'names', folderId: undefined, names, endsWithSlash };
}

/** A path as it was understood: without layout, and without the extension that a document's number may have. */
export function plainPath(text: string): string {
  const path = parsePath(text);
  if (path.kind === 'document') return `~D${path.documentId}`;
  const start = path.folderId === undefined ? '' : `~F${path.folderId}`;
  return [start, ...path.names].join('/') || '/';
}

/** Whether a name in first place would be read as a short path, and so could never be reached as a library. */
export function looksLikeShortPath(name: string): boolean {
  return DOCUMENT_NUMBER.test(name) || FOLDER_NUMBER.test(name);
}
