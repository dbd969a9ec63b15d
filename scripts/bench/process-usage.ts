import fs from 'node:fs';

/** What a process has used of the processor so far, s. */
export interface CpuTime {
  readonly user: number;
  readonly system: number;
}

/** The unit of times in /proc/<pid>/stat: Linux shows it to programs as 100 a second on every architecture. */
const TICKS = 100;

/** The processor time of a process and of those it started that still run: its workers (proc(5), /proc/pid/stat). */
export function cpuTime(pid: number): CpuTime {
  return family(pid).reduce(
    (sum, member) => {
      const { user, system } = ownCpuTime(member);
      return { user: sum.user + user, system: sum.system + system };
    },
    { user: 0, system: 0 },
  );
}

function ownCpuTime(pid: number): CpuTime {
  const stat = fs.readFileSync(`/proc/${pid}/stat`, 'latin1');
  /* The second field, a name, may hold anything. */
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
  return { user: Number(fields[11]) / TICKS, system: Number(fields[12]) / TICKS };
}

/** Resident memory of a process, bytes. */
export function residentMemory(pid: number): number {
  return statusBytes(pid, 'VmRSS');
}

/** The most that a process has had resident since {@link resetPeakMemory}, bytes. */
export function peakMemory(pid: number): number {
  return statusBytes(pid, 'VmHWM');
}

/**
 * The most that a process and those it started that still run may have taken together, bytes: the sum of their peaks, in which the
 * pages of the program's files, which they share, count once.
 */
export function peakMemoryOfFamily(pid: number): number {
  const members = family(pid);
  const shared = members.map((member) => statusBytes(member, 'RssFile')).sort((a, b) => a - b);
  const peaks = members.reduce((sum, member) => sum + peakMemory(member), 0);
  return peaks - shared.slice(0, -1).reduce((sum, bytes) => sum + bytes, 0);
}

/** Lets the peak begin again from what is resident now (proc(5), /proc/pid/clear_refs). Returns whether the system allows it. */
export function resetPeakMemory(pid: number): boolean {
  try {
    fs.writeFileSync(`/proc/${pid}/clear_refs`, '5');
    return true;
  } catch {
    return false;
  }
}

function statusBytes(pid: number, field: string): number {
  const status = fs.readFileSync(`/proc/${pid}/status`, 'latin1');
  return Number(new RegExp(`^${field}:\\s*(\\d+) kB`, 'm').exec(status)?.[1]) * 1024;
}

function family(pid: number): number[] {
  const children = fs.readFileSync(`/proc/${pid}/task/${pid}/children`, 'latin1').split(' ').filter(Boolean);
  return [pid, ...children.flatMap((child) => family(Number(child)))];
}
