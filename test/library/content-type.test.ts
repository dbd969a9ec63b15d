import { contentType } from '../../src/library/content-type.js';

test.each([
  ['Q1-Report.pdf', 'application/pdf'],
  ['Q1.PDF', 'application/pdf'],
  ['a.docx', 'application/vnd.openxmlformats-officedocument.wordprocessingml.document'],
  ['a.txt', 'text/plain'],
  ['pdf', 'application/octet-stream'],
  ['archive.unheard-of', 'application/octet-stream'],
  ['none', 'application/octet-stream'],
])('%s is %s', (name, type) => {
  expect(contentType(name)).toBe(type);
});
