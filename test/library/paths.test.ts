import fc from 'fast-check';
import { type Path, parsePath } from '../../src/library/paths.js';

type NamesPath = Extract<Path, { kind: 'names' }>;

const names = (...list: string[]): NamesPath => ({
  kind: 'names',
  folderId: undefined,
  names: list,
  endsWithSlash: false,
});
const below = (folderId: number, ...list: string[]): NamesPath => ({ ...names(...list), folderId });
const slashed = (path: NamesPath): NamesPath => ({ ...path, endsWithSlash: true });
const document = (documentId: number): Path => ({ kind: 'document', documentId });

test.each<[string, Path]>([
  ['/Library/Folder/Name.ext', names('Library', 'Folder', 'Name.ext')],
  ['\\Library\\Folder\\Name.ext', names('Library', 'Folder', 'Name.ext')],
  ['/Library\\Folder/Name.ext', names('Library', 'Folder', 'Name.ext')],
  ['Library/Name.ext', names('Library', 'Name.ext')],
  ['//Library///Name.ext', names('Library', 'Name.ext')],
  ['/Library/Folder/', slashed(names('Library', 'Folder'))],
  [' /Library/a b.ext\r\n', names('Library', 'a b.ext')],
  ['\t~D12\n', document(12)],
  ['', names()],
  ['/', names()],
  ['/Library/../Other', names('Library', '..', 'Other')],
  ['~D12', document(12)],
  ['~d12', document(12)],
  ['/~D12', document(12)],
  ['~D12.pdf', document(12)],
  ['~D12.tar.gz', document(12)],
  ['~D12.', document(12)],
  ['~D12/', slashed(names('~D12'))],
  ['~D12/Name', names('~D12', 'Name')],
  ['~D', names('~D')],
  ['~Dx', names('~Dx')],
  ['~D12x', names('~D12x')],
  ['~D-1', names('~D-1')],
  ['~D1234567890123456', names('~D1234567890123456')],
  ['~F7', below(7)],
  ['~f7/', slashed(below(7))],
  ['/~F7/Folder/Name.ext', below(7, 'Folder', 'Name.ext')],
  ['~F7.ext', names('~F7.ext')],
  ['/Library/~D12', names('Library', '~D12')],
  ['/Library/~F7', names('Library', '~F7')],
])('The path %j is taken apart', (text, path) => {
  expect(parsePath(text)).toEqual(path);
});

test('Whatever the text, no name has a slash in it or is empty', () => {
  fc.assert(
    fc.property(fc.string({ unit: fc.constantFrom('/', '\\', '~', 'D', 'F', '1', '.', 'ä', ' ') }), (text) => {
      const path = parsePath(text);
      if (path.kind === 'document') return Number.isSafeInteger(path.documentId);
      return path.names.every((name) => name !== '' && !/[\\/]/.test(name));
    }),
  );
});
