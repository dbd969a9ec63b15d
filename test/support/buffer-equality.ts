/** What `expect` has beside what @types/jest says of it. */
interface ExpectWithTesters {
  addEqualityTesters(testers: readonly ((a: unknown, b: unknown) => boolean | undefined)[]): void;
}

/* Jest compares bytes one by one, as properties of objects: that took longer than all a test does that downloads a file. */
(expect as unknown as ExpectWithTesters).addEqualityTesters([
  (a, b) => (Buffer.isBuffer(a) && Buffer.isBuffer(b) ? a.equals(b) : undefined),
]);
