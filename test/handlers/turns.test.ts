import { Turns } from '../../src/handlers/turns.js';
import { newGuid } from '../../src/values/guid.js';

test('Who leaves while it waits is told at once; those behind it wait on for who came before', async () => {
  const turns = new Turns();
  const id = newGuid();
  const left = new AbortController();
  const endFirst = await turns.take(id);
  const second = turns.take(id, { gone: left.signal });
  let isThirdsTurn = false;
  const third = turns.take(id, { gone: new AbortController().signal }).then((end) => {
    isThirdsTurn = true;
    return end;
  });
  left.abort(new Error('left'));
  await expect(second).rejects.toThrow('left');
  await expect(turns.take(id, { gone: left.signal })).rejects.toThrow('left');
  expect(isThirdsTurn).toBe(false);
  endFirst();
  (await third)();
  (await turns.take(id))();
  expect(turns.isTaken(id)).toBe(false);
});
