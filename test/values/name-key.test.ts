import { nameKey } from '../../src/values/name-key.js';

describe('Names compare', () => {
  test.each([
    ['report.PDF', 'Report.pdf', 'whatever the case'],
    ['ÄRGER', 'ärger', 'whatever the case of letters beyond ASCII'],
    ['A\u0308rger', 'Ärger', 'whichever way an accent is composed'],
    ['ΟΔΟΣ.txt', 'οδος.txt', 'whether or not a sigma is a final one'],
    ['ΟΔΟΣ.txt', 'οδοσ.txt', 'whether or not a sigma is a final one'],
    ['\u{10400}', '\u{10428}', 'in letters beyond the basic plane'],
  ])('%s and %s as equal, %s', (one, other) => {
    expect(nameKey(one)).toBe(nameKey(other));
  });

  test.each([
    ['Maße', 'Masse', 'ß is not ss'],
    ['\ufb01le', 'file', 'a ligature is not its letters'],
    ['resume', 'résumé', 'an accent counts'],
    ['a b', 'a  b', 'white space counts'],
  ])('%s and %s as different: %s', (one, other) => {
    expect(nameKey(one)).not.toBe(nameKey(other));
  });
});

describe('A text that is too long for a name', () => {
  test('has a key that no name has, made without composing its accents', () => {
    const text = `a${'\u0301'.repeat(1000)}${'\u0323'.repeat(1000)}`;
    expect(nameKey(text)).toBe(text.slice(0, 1025));
  });

  test('is longer than any name: a composed one of 255 units has its key', () => {
    const composed = '\u0390'.repeat(255);
    expect(nameKey(composed.normalize('NFD'))).toBe(nameKey(composed));
  });
});
