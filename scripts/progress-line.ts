const MIB = 1024 * 1024;

/** How often the line is written anew, ms. */
const INTERVAL_MS = 100;

/** One line that says how far a transfer has come; written over and over on a terminal, once at the end elsewhere. */
export class ProgressLine {
  readonly #name: string;
  readonly #started = performance.now();
  #written = Number.NEGATIVE_INFINITY;
  #line = '';

  constructor(name: string) {
    this.#name = name;
  }

  show(done: number, total: number): void {
    const seconds = (performance.now() - this.#started) / 1000;
    const part = total === 0 ? 1 : done / total;
    const rate = done / MIB / seconds;
    const left = part === 1 ? `in ${format(seconds)} s` : `${format(seconds / part - seconds)} s left`;
    this.#line = `${this.#name}  ${Math.floor(part * 100)}%  ${format(done / MIB)} of ${format(total / MIB)} MiB  ${format(rate)} MiB/s  ${left}`;
    if (performance.now() - this.#written < INTERVAL_MS) return;
    this.#written = performance.now();
    if (process.stdout.isTTY) process.stdout.write(`\r\u001b[K${this.#line}`);
  }

  end(): void {
    if (this.#line === '') return;
    process.stdout.write(process.stdout.isTTY ? `\r\u001b[K${this.#line}\n` : `${this.#line}\n`);
  }
}

function format(value: number): string {
  return value < 10 ? value.toFixed(1) : value.toFixed(0);
}
