/**
 * Whether a receiver asks to wait before it is given more. A reader goes on at once when it does not: one promise per
 * piece would cost more than the piece. Not `instanceof Promise`: a promise of Node's own may come from another realm
 * than the program's (a test runner's, a worker's).
 */
export function isPending(result: void | Promise<void>): result is Promise<void> {
  return typeof result === 'object';
}

/** Goes on with `next` once what came before is done: at once, when it is. */
export function after(before: void | Promise<void>, next: () => void | Promise<void>): void | Promise<void> {
  return isPending(before) ? before.then(next) : next();
}
