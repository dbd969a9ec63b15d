import v8 from 'node:v8';

/**
 * Tells V8's garbage collector, for the whole process, what it finds out about this program too late or not at all. To be called before the
 * first call is served.
 *
 * - What a call makes is gone with it. V8 guesses by where objects are made which of them will live long, from those that happened to be
 *   in use when it looked, and makes their like in the old generation from then on, where they keep alive all they point to until the whole
 *   heap is collected.
 * - Between two collections of the young generation 32 MiB of content may have gone through buffers. V8 counts them as if the heap had grown
 *   by them, and lets a heap that grows little grow by as little as a tenth before it collects all of it: it would do so for every few
 *   chunks, at a cost like that of the chunks themselves. The heap may always grow to four times its size, as V8 lets one that grows quickly.
 */
export function instructCollector(): void {
  v8.setFlagsFromString('--no-allocation-site-pretenuring');
  v8.setFlagsFromString('--heap-growing-percent=300');
}
