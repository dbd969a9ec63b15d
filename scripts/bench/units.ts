export const KIB = 1024;
export const MIB = 1024 * KIB;
export const GIB = 1024 * MIB;

/** A size as people write it: `256 KiB`. */
export function sizeText(bytes: number): string {
  if (bytes >= GIB && bytes % GIB === 0) return `${bytes / GIB} GiB`;
  if (bytes >= MIB) return `${Math.round(bytes / MIB)} MiB`;
  return `${Math.round(bytes / KIB)} KiB`;
}

/** Reads `256KiB`, `1 MiB`, `4GiB`. */
export function parseSize(text: string): number {
  const [, digits = '', unit = ''] = /^(\d+) ?(KiB|MiB|GiB)$/i.exec(text.trim()) ?? [];
  const factor = { kib: KIB, mib: MIB, gib: GIB }[unit.toLowerCase()];
  if (factor === undefined) throw new Error(`${text} is no size like 256KiB or 1MiB.`);
  return Number(digits) * factor;
}

/** Three figures that count. */
export function figure(value: number): string {
  if (!Number.isFinite(value)) return '–';
  if (value >= 100) return value.toFixed(0);
  if (value >= 10) return value.toFixed(1);
  return value.toFixed(2);
}
