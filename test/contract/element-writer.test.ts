import {
  CONTENT_MARK,
  escapeAttribute,
  escapeText,
  findContent,
  writeDocument,
  writeLiteral,
} from '../../src/contract/element-writer.js';
import type { ContentSource, Element } from '../../src/contract/result.js';

const content: ContentSource = { length: 3, read: () => Promise.resolve(0), close: () => undefined };

const versions: Element = {
  name: 'response',
  attributes: { success: 'true', error: '' },
  children: [
    {
      name: 'Versions',
      attributes: {},
      children: [
        {
          name: 'Version',
          attributes: { Number: '1000000' },
          children: [
            { name: 'VersionAuthor', attributes: {}, children: ['Ann & Bo'] },
            { name: 'Comment', attributes: {}, children: [''] },
            { name: 'ApprovalDate', attributes: {} },
          ],
        },
        { name: 'Version', attributes: { Number: '1000001' }, children: [] },
      ],
    },
  ],
};

describe('an answer over GET and POST', () => {
  test('is a declared document, a newline between', () => {
    expect(writeDocument({ name: 'response', attributes: { success: 'false', error: 'bad Request' } })).toBe(
      '<?xml version="1.0" encoding="utf-8"?>\n<response success="false" error="bad Request" />',
    );
  });

  test('is indented by two spaces, and not inside an element with text', () => {
    expect(writeDocument(versions)).toBe(`<?xml version="1.0" encoding="utf-8"?>
<response success="true" error="">
  <Versions>
    <Version Number="1000000">
      <VersionAuthor>Ann &amp; Bo</VersionAuthor>
      <Comment />
      <ApprovalDate />
    </Version>
    <Version Number="1000001" />
  </Versions>
</response>`);
  });

  test('has a mark alone where content goes', () => {
    const element: Element = { name: 'response', attributes: { chunklength: '3' }, children: [content] };
    expect(writeDocument(element)).toBe(
      `<?xml version="1.0" encoding="utf-8"?>\n<response chunklength="3">${CONTENT_MARK}</response>`,
    );
  });
});

describe('an answer in an envelope', () => {
  test('is put in no namespace by the last attribute of its root element only', () => {
    expect(writeLiteral({ name: 'root', attributes: { success: 'true', tryagain: 'false' } })).toBe(
      '<root success="true" tryagain="false" xmlns="" />',
    );
  });

  test('is on one line', () => {
    expect(writeLiteral(versions)).toBe(
      '<response success="true" error="" xmlns=""><Versions><Version Number="1000000">' +
        '<VersionAuthor>Ann &amp; Bo</VersionAuthor><Comment /><ApprovalDate /></Version>' +
        '<Version Number="1000001" /></Versions></response>',
    );
  });

  test('has a mark alone where content goes', () => {
    expect(writeLiteral({ name: 'response', attributes: {}, children: [content] })).toBe(
      `<response xmlns="">${CONTENT_MARK}</response>`,
    );
  });

  test('keeps attributes in the order they were given', () => {
    expect(writeLiteral({ name: 'r', attributes: { z: '1', a: '2', M: '3' } })).toBe(
      '<r z="1" a="2" M="3" xmlns="" />',
    );
  });
});

test('the characters of the recorded answer are escaped as recorded', () => {
  const element: Element = { name: 'root', attributes: { a: '<&">\' \né€' }, children: ['x<&">\' yé'] };
  expect(writeDocument(element)).toContain('<root a="&lt;&amp;&quot;&gt;\' &#xA;é€">x&lt;&amp;"&gt;\' yé</root>');
});

describe('escaping', () => {
  test.each<[text: string, inText: string, inAttribute: string]>([
    ['', '', ''],
    ["plain text, 1 + 1 = 2; it's", "plain text, 1 + 1 = 2; it's", "plain text, 1 + 1 = 2; it's"],
    ['<a>&amp;</a>', '&lt;a&gt;&amp;amp;&lt;/a&gt;', '&lt;a&gt;&amp;amp;&lt;/a&gt;'],
    ['"\'', '"\'', "&quot;'"],
    ['\t', '\t', '&#x9;'],
    ['\n', '\n', '&#xA;'],
    ['\r', '&#xD;', '&#xD;'],
    ['é€漢\u00a0\u0085\u007f', 'é€漢\u00a0\u0085\u007f', 'é€漢\u00a0\u0085\u007f'],
    ['😀', '😀', '😀'],
    ['\ue000\ufffd', '\ue000\ufffd', '\ue000\ufffd'],
    ['a\u0000b\u0001\u001f', 'a\ufffdb\ufffd\ufffd', 'a\ufffdb\ufffd\ufffd'],
    ['\ufffe\uffff', '\ufffd\ufffd', '\ufffd\ufffd'],
    ['\ud83d', '\ufffd', '\ufffd'],
    ['\ude00\ud83d<', '\ufffd\ufffd&lt;', '\ufffd\ufffd&lt;'],
    [']]>', ']]&gt;', ']]&gt;'],
  ])('%j', (text, inText, inAttribute) => {
    expect(escapeText(text)).toBe(inText);
    expect(escapeAttribute(text)).toBe(inAttribute);
  });

  test.each(Array.from({ length: 0x80 }, (_, code) => String.fromCharCode(code)))(
    'no character of ASCII is lost or left that XML cannot hold: %j',
    (character) => {
      const isAllowed = character >= ' ' || '\t\n\r'.includes(character);
      for (const escaped of [escapeText(character), escapeAttribute(character)]) {
        if (!isAllowed) expect(escaped).toBe('\ufffd');
        else if (escaped !== character) expect(escaped).toMatch(/^&(?:lt|gt|amp|quot|#x[9AD]);$/);
      }
    },
  );

  test('the mark never comes from a value', () => {
    const element: Element = { name: 'r', attributes: { a: CONTENT_MARK }, children: [CONTENT_MARK] };
    expect(writeDocument(element)).not.toContain(CONTENT_MARK);
  });
});

describe('the content of an element', () => {
  test('is found however deep it lies', () => {
    const inner: Element = { name: 'b', attributes: {}, children: ['x', content] };
    expect(findContent({ name: 'a', attributes: {}, children: [versions, inner] })).toBe(content);
  });

  test('may not be there', () => {
    expect(findContent(versions)).toBeUndefined();
  });
});
