import pino, { type Logger } from 'pino';
import pretty from 'pino-pretty';
import type { CallRecord } from './bindings/call-log.js';

export type { Logger };

/** How lines of the log look: for programs, or for people. `auto` is for people on a terminal. */
export type LogFormat = 'auto' | 'json' | 'text';

/** Opens the log: one line an event, on the standard output. */
export function openLog(level: string, format: LogFormat): Logger {
  const asText = format === 'text' || (format === 'auto' && process.stdout.isTTY);
  const options = { level, base: null, timestamp: pino.stdTimeFunctions.isoTime };
  if (!asText) return pino(options, pino.destination({ dest: 1, sync: true }));
  return pino(options, pretty({ sync: true, destination: 1, translateTime: 'SYS:HH:MM:ss.l', ignore: 'pid,hostname' }));
}

/** A line for a call. Nothing of its arguments is in it but what the record has: no ticket, no password, no query. */
export function logCall(log: Logger, record: CallRecord): void {
  const { duration, operation = '-', ...rest } = record;
  const line = { operation, ...rest, ms: Math.round(duration * 10) / 10 };
  if (record.status >= 500 && record.outcome.startsWith('SystemError')) log.error(line, operation);
  else log.info(line, operation);
}
