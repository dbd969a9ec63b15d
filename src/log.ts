import type { Writable } from 'node:stream';
import pino, { type DestinationStream, type Logger, type LoggerOptions } from 'pino';
import pretty from 'pino-pretty';
import { type CallRecord, isServersFault } from './bindings/call-log.js';
import { LogOutput } from './log-output.js';
import { loggedError } from './logged-error.js';
import { printable } from './values/printable.js';

export type { Logger };

/** How lines of the log look: for programs, or for people. `auto` is for people on a terminal. */
export type LogFormat = 'auto' | 'json' | 'text';

/** Lines for programs are gathered up to so many bytes: a system call for each would be a tenth of what a call costs. People see each at once. */
const GATHERED = 4096;
const AT_ONCE = 1;

/** The longest outcome of a call, characters. */
const MAX_OUTCOME = 200;

/** Opens the log: one line an event, on the standard output. */
export function openLog(level: string, format: LogFormat): Logger {
  const asText = format === 'text' || (format === 'auto' && process.stdout.isTTY);
  return asText ? makeTextLog(level, new LogOutput(AT_ONCE).asStream()) : makeLog(level, new LogOutput(GATHERED));
}

/** A log whose lines are JSON. */
export function makeLog(level: string, destination: DestinationStream): Logger {
  return pino(optionsOf(level), destination);
}

/** A log whose lines are for people, on a terminal that obeys control characters. */
export function makeTextLog(level: string, destination: Writable): Logger {
  const output = pretty({ sync: true, destination, translateTime: 'SYS:HH:MM:ss.l', ignore: 'pid,hostname' });
  return pino({ ...optionsOf(level), formatters: { log: printableTexts } }, output);
}

function optionsOf(level: string): LoggerOptions {
  return { level, base: null, timestamp: pino.stdTimeFunctions.isoTime, serializers: { err: loggedError } };
}

function printableTexts(entry: Record<string, unknown>): Record<string, unknown> {
  const shown = Object.entries(entry).map(([name, value]) => [
    name,
    typeof value === 'string' ? printable(value) : value,
  ]);
  return Object.fromEntries(shown) as Record<string, unknown>;
}

/** A line for a call. Nothing of its arguments is in it but what the record has: no ticket, no password, no query. */
export function logCall(log: Logger, record: CallRecord): void {
  const { address, binding, bytesIn, bytesOut, duration, operation = '-', status, user } = record;
  const outcome = record.outcome.slice(0, MAX_OUTCOME);
  const ms = Math.round(duration * 10) / 10;
  const line = { operation, binding, user, address, status, outcome, bytesIn, bytesOut, ms };
  if (!isServersFault(record)) log.info(line, operation);
  else if (status >= 500) log.error(line, operation);
  else log.warn(line, operation);
}
