import { FairGate } from '../../src/values/fair-gate.js';

/** Work that ends when it is told to. */
function heldWork(): { work: () => Promise<void>; end: () => void } {
  let end = (): void => undefined;
  const held = new Promise<void>((resolve) => (end = resolve));
  return { work: () => held, end };
}

test('So many do it at once; the others come in by turns of their groups, each in the order they came', async () => {
  const gate = new FairGate({ width: 1 });
  const order: string[] = [];
  const first = heldWork();
  const all = [gate.run('many', first.work)];
  for (const [group, name] of [
    ['many', 'many 1'],
    ['many', 'many 2'],
    ['many', 'many 3'],
    ['one', 'one'],
  ] as const) {
    all.push(gate.run(group, () => Promise.resolve(void order.push(name))));
  }
  expect(order).toEqual([]);
  first.end();
  await Promise.all(all);
  expect(order).toEqual(['many 1', 'one', 'many 2', 'many 3']);
});

test('Who leaves while they wait, or has left before, is told at once and never let in', async () => {
  const gate = new FairGate({ width: 1 });
  const first = heldWork();
  const running = gate.run('a', first.work);
  const left = new AbortController();
  let entered = 0;
  const enter = (): Promise<void> => {
    entered++;
    return Promise.resolve();
  };
  const waiting = gate.run('a', enter, { gone: left.signal });
  left.abort(new Error('left'));
  await expect(waiting).rejects.toThrow('left');
  await expect(gate.run('a', enter, { gone: left.signal })).rejects.toThrow('left');
  first.end();
  await running;
  expect(entered).toBe(0);
  await gate.run('a', enter);
  expect(entered).toBe(1);
});

test('Who finds no place is refused', async () => {
  const gate = new FairGate({ width: 1, bound: { places: 1, refusal: () => new Error('full') } });
  const first = heldWork();
  const all = [gate.run('a', first.work), gate.run('a', () => Promise.resolve())];
  await expect(gate.run('a', () => Promise.resolve())).rejects.toThrow('full');
  first.end();
  await Promise.all(all);
});
