import v8 from 'node:v8';
import { PreparedSaxes } from '../../../src/bindings/soap/markup-parser.js';

/** V8's own word on whether an object has a hidden class, and is no hash table. */
function hasFastProperties(object: object): boolean {
  v8.setFlagsFromString('--allow-natives-syntax');
  try {
    // eslint-disable-next-line @typescript-eslint/no-implied-eval, @typescript-eslint/no-unsafe-call -- the only way to ask V8
    return new Function('object', 'return %HasFastProperties(object)')(object) as boolean;
  } finally {
    v8.setFlagsFromString('--no-allow-natives-syntax');
  }
}

/** V8 gives the first objects of a class more room than the later ones: so many are enough for it to know what they need. */
const MANY = 20;

function listenTo(parser: PreparedSaxes): string[] {
  const heard: string[] = [];
  parser.on('error', (error) => heard.push(error.message));
  parser.on('doctype', (doctype) => heard.push(`doctype ${doctype.trim()}`));
  parser.on('attribute', ({ name }) => heard.push(`attribute ${name}`));
  parser.on('opentag', ({ name }) => heard.push(`opened ${name}`));
  parser.on('closetag', ({ name }) => heard.push(`closed ${name}`));
  parser.on('text', (text) => heard.push(`text ${text}`));
  parser.on('cdata', (text) => heard.push(`cdata ${text}`));
  parser.on('comment', (text) => heard.push(`comment ${text}`));
  parser.on('processinginstruction', ({ target }) => heard.push(`instruction ${target}`));
  return heard;
}

test('a parser keeps its hidden class when it has all its handlers', () => {
  const parsers = Array.from({ length: MANY }, () => new PreparedSaxes());
  for (const parser of parsers) listenTo(parser);
  expect(parsers.map(hasFastProperties)).toEqual(parsers.map(() => true));
});

test('a parser reports all there is in a message', () => {
  const parser = new PreparedSaxes();
  const heard = listenTo(parser);
  parser.write('<!DOCTYPE a><a b="c"><!--d-->e<![CDATA[f]]><?g?></a>').close();
  expect(heard).toEqual([
    'doctype a',
    'attribute b',
    'opened a',
    'comment d',
    'text e',
    'cdata f',
    'instruction g',
    'closed a',
  ]);
});
