import type { Direction, GrowthResult, Results, TransferResult } from './results.js';
import { NAMES } from './suites/contestants.js';
import { KIB, MIB, sizeText } from './units.js';

/** What the server is to reach, in a run of the benchmark. */
export interface Target {
  readonly what: string;
  readonly limit: number;
  readonly kind: 'at most' | 'at least';
  readonly unit: 'times' | 'MiB';
  /** What there is to be held against the limit. None: it was not measured. */
  readonly samples: readonly Sample[];
}

export interface Sample {
  readonly where: string;
  readonly value: number;
  /** Why this sample cannot tell, when it does not pass. */
  readonly doubt?: string | undefined;
}

export type Verdict = 'reached' | 'not reached' | 'cannot be told here' | 'not measured';

const SMALLEST = 256 * KIB;
const MEMORY_LIMIT = 256;

/** Small contents and large, a thousand documents and a million: how much more the large may cost. */
const GROWTH_LIMIT = 1.5;

/** Of fewer calls the processor time is not known well enough: the system counts it in hundredths of a second. */
export const ENOUGH_CALLS = 300;

/** When other programs took more of the machine than this, two workers were not compared with one. */
const OTHERS_LIMIT = 0.1;

/** The targets, with what a run found about each. */
export function targetsOf(results: Results): Target[] {
  const up = (name: string, than: string, sizes: (size: number) => boolean): Sample[] =>
    ratios(results, 'upload', name, than, sizes);
  const down = (name: string, than: string, sizes: (size: number) => boolean): Sample[] =>
    ratios(results, 'download', name, than, sizes);
  const { bare, get, mtom, multipart, nodeSoap, soap, tus, urlencoded } = NAMES;
  const any = (): boolean => true;
  const fromMiB = (size: number): boolean => size >= MIB;
  return [
    atMost(1 / 5, 'UploadFileChunk over SOAP 1.1: CPU, of node-soap’s', up(soap, nodeSoap, fromMiB)),
    atMost(
      1 / 2,
      'the same: CPU at 1 MiB, of @tus/server’s',
      up(soap, tus, (size) => size === MIB),
    ),
    atMost(
      1,
      'the same: CPU above 1 MiB, of @tus/server’s',
      up(soap, tus, (size) => size > MIB),
    ),
    atMost(1.4, 'the same: CPU from 1 MiB on, of the bare program’s', up(soap, bare, fromMiB)),
    atMost(
      1.8,
      'the same: CPU at 256 KiB, of the bare program’s',
      up(soap, bare, (size) => size === SMALLEST),
    ),
    atMost(1.2, 'UploadFileChunk as multipart: CPU, of SOAP’s', up(multipart, soap, any)),
    atMost(3, 'UploadFileChunk urlencoded: CPU, of SOAP’s', up(urlencoded, soap, any)),
    atMost(1, 'UploadFileChunk as MTOM: CPU, of SOAP’s', up(mtom, soap, any)),
    atMost(1 / 4, 'DownloadFileChunk over SOAP 1.1: CPU, of node-soap’s', down(soap, nodeSoap, any)),
    atMost(1.5, 'the same: CPU from 1 MiB on, of the bare program’s', down(soap, bare, fromMiB)),
    atMost(1, 'DownloadFileChunk over GET: CPU, of SOAP’s', down(get, soap, any)),
    memory('Memory above idle: 64 connections that upload chunks of 32 MiB', uploadMemory(results)),
    memory('Memory above idle: 64 slow readers of chunks of 32 MiB', readerMemory(results)),
    ...growthTargets(results),
    {
      what: 'Two workers: throughput, of one’s',
      limit: 1.6,
      kind: 'at least',
      unit: 'times',
      samples: workerSamples(results),
    },
  ];
}

/** Whether a sample passes. */
export function passes({ kind, limit }: Target, { value }: Sample): boolean {
  return kind === 'at most' ? value <= limit : value >= limit;
}

export function verdict(target: Target): Verdict {
  if (target.samples.length === 0) return 'not measured';
  const failed = target.samples.filter((sample) => !passes(target, sample));
  if (failed.length === 0) return 'reached';
  return failed.every((sample) => sample.doubt !== undefined) ? 'cannot be told here' : 'not reached';
}

function atMost(limit: number, what: string, samples: readonly Sample[]): Target {
  return { what, limit, kind: 'at most', unit: 'times', samples };
}

function memory(what: string, samples: readonly Sample[]): Target {
  return { what, limit: MEMORY_LIMIT, kind: 'at most', unit: 'MiB', samples };
}

/** How much of the processor's time one contestant takes of what another takes, for each size and number of connections. */
function ratios(
  { transfers }: Results,
  direction: Direction,
  name: string,
  than: string,
  isMeant: (chunkSize: number) => boolean,
): Sample[] {
  const ofDirection = transfers.filter((result) => result.direction === direction);
  return ofDirection
    .filter(({ chunkSize, contestant }) => contestant === name && isMeant(chunkSize))
    .flatMap((one) => {
      const other = ofDirection.find((result) => result.contestant === than && isSameCell(result, one));
      return other ? [{ where: cellText(one), value: cpuPerGib(one) / cpuPerGib(other) }] : [];
    });
}

export function cpuPerGib({ system, user }: TransferResult): number {
  return user + system;
}

export function isSameCell(a: TransferResult, b: TransferResult): boolean {
  return a.direction === b.direction && a.chunkSize === b.chunkSize && a.connections === b.connections;
}

function cellText({ chunkSize, connections }: { chunkSize: number; connections: number }): string {
  return `${sizeText(chunkSize)} × ${connections}`;
}

const OURS: readonly string[] = [NAMES.soap, NAMES.multipart, NAMES.urlencoded, NAMES.mtom, NAMES.get];

function uploadMemory({ transfers }: Results): Sample[] {
  return transfers
    .filter(({ direction, connections }) => direction === 'upload' && connections === 64)
    .filter(({ chunkSize, contestant }) => chunkSize === 32 * MIB && OURS.includes(contestant))
    .map(({ contestant, memory: bytes }) => ({ where: contestant, value: bytes / MIB }));
}

function readerMemory({ slowReaders }: Results): Sample[] {
  return slowReaders
    .filter(({ contestant }) => OURS.includes(contestant))
    .map(({ contestant, memory: bytes }) => ({ where: contestant, value: bytes / MIB }));
}

/** Of what grows, both the time of a call and what it takes of the processor. */
function growthTargets({ growth }: Results): Target[] {
  return growth.map((result) => atMost(GROWTH_LIMIT, growthText(result), growthSamples(result)));
}

function growthText({ call, large, small }: GrowthResult): string {
  return `${call[0]?.toUpperCase() ?? ''}${call.slice(1)}: ${large}, of the cost with ${small}`;
}

function growthSamples({ inLarge, inSmall }: GrowthResult): Sample[] {
  return [
    { where: 'median time', value: inLarge.p50 / inSmall.p50 },
    ...(inLarge.count >= ENOUGH_CALLS ? [{ where: 'CPU', value: inLarge.cpu / inSmall.cpu }] : []),
  ];
}

/** Where one worker leaves the load generator a core of its own, the load generator limits what two can do. */
function workerSamples({ workers }: Results): Sample[] {
  return workers
    .filter(({ arrangement }) => arrangement === 'a core for each worker')
    .map(({ direction, one, othersShare, two }) => ({
      where: direction,
      value: two / one,
      doubt:
        othersShare > OTHERS_LIMIT ? `${percent(othersShare)} of the cores were taken by other programs` : undefined,
    }));
}

function percent(part: number): string {
  return `${(part * 100).toFixed(0)} %`;
}
