import type { Instant } from '../storage/schema.js';

/** `2024-06-15T09:30:00Z`: how .NET writes a UTC time of whole seconds into XML (CONTRACT, expireOn). */
export function formatTime(instant: Instant): string {
  return `${new Date(instant).toISOString().slice(0, 19)}Z`;
}

/** `2024-06-15`, in UTC (CONTRACT, ModificationDate). */
export function formatDate(instant: Instant): string {
  return new Date(instant).toISOString().slice(0, 10);
}

const DATE = /^(\d{4})-(\d{2})-(\d{2})$/;
const TIME = /^(\d{2}):(\d{2})(?::(\d{2})(?:\.(\d{1,9}))?)?$/;
const OFFSET = /(Z|([+-])(\d{2}):?(\d{2}))$/i;

/**
 * Reads a date, or a date and a time with a `T` or a space between them, with seconds and their fraction or without, in UTC or with
 * the offset given. Undefined for anything else and for days that do not exist.
 */
export function parseDate(text: string): Instant | undefined {
  const [dateText = '', ...rest] = text.trim().split(/[T ]/i);
  const date = DATE.exec(dateText);
  if (!date || rest.length > 1) return undefined;
  const day = utcDay(Number(date[1]), Number(date[2]), Number(date[3]));
  if (day === undefined || rest[0] === undefined) return day;
  const offset = OFFSET.exec(rest[0]);
  const time = timeOfDay(rest[0].slice(0, offset?.index));
  return time === undefined ? undefined : withinYears(day + time - offsetOf(offset));
}

/** The years that are written with four digits. */
function withinYears(instant: Instant): Instant | undefined {
  const year = new Date(instant).getUTCFullYear();
  return year >= 1 && year <= 9999 ? instant : undefined;
}

function utcDay(year: number, month: number, day: number): Instant | undefined {
  const date = new Date(0);
  date.setUTCFullYear(year, month - 1, day);
  const exists = year > 0 && date.getUTCMonth() === month - 1 && date.getUTCDate() === day;
  return exists ? date.getTime() : undefined;
}

/** ms since midnight. */
function timeOfDay(text: string): number | undefined {
  const match = TIME.exec(text);
  if (!match) return undefined;
  const [hours, minutes, seconds] = [Number(match[1]), Number(match[2]), Number(match[3] ?? 0)];
  if (hours > 23 || minutes > 59 || seconds > 59) return undefined;
  return ((hours * 60 + minutes) * 60 + seconds) * 1000 + Math.floor(Number(`0.${match[4] ?? 0}`) * 1000);
}

/** ms that the offset is ahead of UTC. */
function offsetOf(match: RegExpExecArray | null): number {
  if (match?.[2] === undefined) return 0;
  const minutes = Number(match[3]) * 60 + Number(match[4]);
  return (match[2] === '-' ? -minutes : minutes) * 60_000;
}
