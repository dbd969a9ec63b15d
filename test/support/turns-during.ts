/** Does something, and counts how often others had their turn meanwhile. */
export async function turnsDuring(work: () => Promise<unknown>): Promise<number> {
  let turns = 0;
  let next = setImmediate(take);
  function take(): void {
    turns++;
    next = setImmediate(take);
  }
  try {
    await work();
  } finally {
    clearImmediate(next);
  }
  return turns;
}
