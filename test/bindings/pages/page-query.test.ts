import { readPageQuery } from '../../../src/bindings/pages/page-query.js';

test.each<[url: string, bare: string, named: Record<string, string>]>([
  ['/srv.asmx', '', {}],
  ['/srv.asmx?', '', {}],
  ['/srv.asmx?WSDL', 'WSDL', {}],
  ['/srv.asmx?WSDL=', '', { wsdl: '' }],
  ['/srv.asmx?wsdl&x=1', 'wsdl', { x: '1' }],
  ['/srv.asmx?a&b', 'a,b', {}],
  ['/srv.asmx?&&', '', {}],
  ['/srv.asmx?OP=a&op=b', '', { op: 'a' }],
  ['/srv.asmx?op=a%20b+c%C3%A9', '', { op: 'a b cé' }],
  ['/srv.asmx?op=%E9+%', '', { op: '%E9 %' }],
  ['/srv.asmx?op=a=b', '', { op: 'a=b' }],
  ['/srv.asmx?__proto__=x', '', { ['__proto__']: 'x' }],
])('%s', (url, bare, named) => {
  const query = readPageQuery(url);
  expect(query.bare).toBe(bare);
  expect([...query.named]).toEqual(Object.entries(named));
});
