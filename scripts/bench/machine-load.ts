import fs from 'node:fs';

/** How long the cores of this machine have been busy so far, s, all of them together (proc(5), /proc/stat). */
export function busyTime(): number {
  const [, ...fields] = (fs.readFileSync('/proc/stat', 'latin1').split('\n', 1)[0] ?? '').trim().split(/\s+/);
  const [user = 0, nice = 0, system = 0, , , irq = 0, softirq = 0, steal = 0] = fields.map(Number);
  return (user + nice + system + irq + softirq + steal) / 100;
}

/** The part of all cores' time that other programs take, from the moment it was made on. */
export class OtherPrograms {
  readonly #cores: number;
  readonly #busy = busyTime();
  readonly #own = ownTime();
  readonly #started = performance.now();

  constructor(cores: number) {
    this.#cores = cores;
  }

  /** To be asked when no process that was started runs any more: only then is known what it took. */
  get share(): number {
    const others = busyTime() - this.#busy - (ownTime() - this.#own);
    return Math.max(0, others / ((performance.now() - this.#started) / 1000) / this.#cores);
  }
}

/** Processor time of this process and of those it started and that have ended, s. */
function ownTime(): number {
  const stat = fs.readFileSync('/proc/self/stat', 'latin1');
  const [user, system, childUser, childSystem] = stat
    .slice(stat.lastIndexOf(')') + 2)
    .split(' ')
    .slice(11, 15);
  return (Number(user) + Number(system) + Number(childUser) + Number(childSystem)) / 100;
}
