/** Just below what glibc takes for the largest block that says something of the blocks to come (DEFAULT_MMAP_THRESHOLD_MAX, 32 MiB), bytes. */
const LARGE_BLOCK = 31 * 1024 * 1024;

/**
 * Has glibc keep memory for a process that needs it again at once. To be called before the first call is served.
 *
 * Node puts each piece that a socket delivers into a block of its own, and the garbage collector gives dozens of them back together. glibc hands what
 * is free at the end of its heap back to the system beyond a threshold, 128 KiB at first, and every page of the next pieces has to be asked for
 * anew. The threshold is twice as large as the largest block that was ever given back (mallopt(3), M_MMAP_THRESHOLD). So one is made, which takes no
 * memory as nobody writes to it, and left to the collector. Other allocators have no such threshold, and nothing comes of it.
 */
export function instructAllocator(): void {
  Buffer.allocUnsafeSlow(LARGE_BLOCK);
}
