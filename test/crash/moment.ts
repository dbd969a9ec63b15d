import type { Random } from '../fuzz/random.js';
import type { CallEvent, Witness } from './witness.js';

/** A moment in the life of a server that takes calls. */
export type Moment =
  | { readonly kind: 'time'; readonly ms: number }
  /** While a call is under way: after some part of the time such calls take; a little more than that, too. */
  | { readonly kind: 'during'; readonly operation: string; readonly times: number; readonly part: number }
  | { readonly kind: 'answered'; readonly operation: string; readonly times: number; readonly ms: number };

/** How long to wait for calls that may not come, ms. */
const LONGEST_WAIT_MS = 2000;

/** What does more than one thing, and so could be cut between them; and the most of its calls to wait for. */
const OPERATIONS: readonly (readonly [operation: string, most: number])[] = [
  ['UploadFileChunk', 40],
  ['UploadDocumentWithHandler', 12],
  ['UploadDocumentWithHandler', 12],
  ['UploadDocumentWithHandler', 12],
  ['UploadDocument', 12],
  ['UploadDocument', 12],
  ['UploadFileChunk', 40],
  ['CreateUploadHandler', 12],
  ['DeleteUploadHandler', 8],
  ['CreateFolder', 8],
  ['DownloadZipWithHandler', 8],
  ['GetDownloadHandlerByVersion', 8],
  ['DeleteDownloadHandler', 8],
  ['LogOut', 4],
];

/** Any time; or while some call is under way, or when it has just been answered. */
export function pickMoment(random: Random): Moment {
  if (random.oneIn(4)) return { kind: 'time', ms: random.below(1000) };
  const [operation, most] = random.pick(OPERATIONS);
  const times = 1 + random.below(most);
  if (random.oneIn(4)) return { kind: 'answered', operation, times, ms: random.below(3000) / 1000 };
  return { kind: 'during', operation, times, part: random.below(1300) / 1000 };
}

/** What clients are to do more often ahead of the moment, so that there is always some of it under way; undefined for nothing. */
export function operationOf(moment: Moment): string | undefined {
  return moment.kind === 'time' ? undefined : moment.operation;
}

/** Fulfilled at that moment, or when what it waits for does not come. */
export async function reached(moment: Moment, witness: Witness): Promise<void> {
  switch (moment.kind) {
    case 'time':
      return passed(moment.ms);
    case 'during':
      await happened('sent', moment, witness);
      return passed(moment.part * witness.usual(moment.operation));
    case 'answered':
      await happened('answered', moment, witness);
      return passed(moment.ms);
  }
}

export function describeMoment(moment: Moment): string {
  switch (moment.kind) {
    case 'time':
      return `after ${moment.ms} ms`;
    case 'during':
      return `at ${Math.round(moment.part * 100)} % of ${moment.operation} no. ${moment.times}`;
    case 'answered':
      return `${moment.ms} ms after the answer to ${moment.operation} no. ${moment.times}`;
  }
}

function happened(
  event: CallEvent,
  { operation, times }: { operation: string; times: number },
  witness: Witness,
): Promise<void> {
  return new Promise((resolve) => {
    const end = (): void => {
      clearTimeout(timer);
      stop();
      resolve();
    };
    const stop = witness.count(event, operation, times, end);
    const timer = setTimeout(end, LONGEST_WAIT_MS);
  });
}

/** Timers are no finer than a millisecond: the rest is waited for turn by turn. */
function passed(ms: number): Promise<void> {
  const end = performance.now() + ms;
  return new Promise((resolve) => {
    const look = (): void => {
      const left = end - performance.now();
      if (left <= 0) resolve();
      else if (left > 2) setTimeout(look, left - 2);
      else setImmediate(look);
    };
    look();
  });
}
