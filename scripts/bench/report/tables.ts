import type { Direction, Results, TransferResult } from '../results.js';
import { NAMES } from '../suites/contestants.js';
import { cpuPerGib, ENOUGH_CALLS, isSameCell, passes, type Target, targetsOf, verdict } from '../targets.js';
import { figure, MIB, sizeText } from '../units.js';
import { table } from './table.js';

/** One table for each chunk size. Undefined when there is nothing to show. */
export function transferTables(results: Results, direction: Direction): string | undefined {
  const transfers = results.transfers.filter((result) => result.direction === direction);
  const absences = results.absences.filter((absence) => absence.direction === direction);
  const sizes = [...new Set([...transfers, ...absences].map((result) => result.chunkSize))];
  if (sizes.length === 0) return undefined;
  const tables = sizes.map((size) => {
    const ofSize = transfers.filter((result) => result.chunkSize === size);
    const rows = ofSize.map(transferRow);
    const missing = absences
      .filter((absence) => absence.chunkSize === size)
      .map(
        ({ connections, contestant, reason }) => `${contestant} with ${connections}: ${reason.split('\n')[0] ?? ''}`,
      );
    const ratios = ofSize.flatMap((result) => ratioRows(result, ofSize));
    return [
      `Chunks of ${sizeText(size)}:`,
      table(TRANSFER_HEADS, rows),
      ...missing.map((text) => `- ${text}`),
      ...(ratios.length === 0 ? [] : ['The same as ratios:', table(RATIO_HEADS, ratios)]),
    ].join('\n\n');
  });
  return tables.join('\n\n');
}

const TRANSFER_HEADS = [
  'server',
  'connections',
  'MiB/s',
  'CPU s/GiB',
  'user',
  'system',
  'memory, MiB',
  'p50, ms',
  'p99, ms',
];

function transferRow(result: TransferResult): string[] {
  return [
    result.contestant,
    String(result.connections),
    figure(result.throughput),
    figure(cpuPerGib(result)),
    figure(result.user),
    figure(result.system),
    (result.memory / MIB).toFixed(0),
    figure(result.p50),
    figure(result.p99),
  ];
}

const RATIO_HEADS = ['server', 'connections', 'of', 'MiB/s', 'CPU', 'memory', 'p50', 'p99'];

/** This server over SOAP as parts of the others, and over its other bindings as parts of SOAP. */
function ratioRows(result: TransferResult, all: readonly TransferResult[]): string[][] {
  return othersOf(result.contestant).flatMap((name) => {
    const other = all.find((one) => one.contestant === name && isSameCell(one, result));
    if (!other) return [];
    const ratio = (pick: (one: TransferResult) => number): string => figure(pick(result) / pick(other));
    return [
      [
        result.contestant,
        String(result.connections),
        name,
        ratio(({ throughput }) => throughput),
        ratio(cpuPerGib),
        ratio(({ memory }) => memory),
        ratio(({ p50 }) => p50),
        ratio(({ p99 }) => p99),
      ],
    ];
  });
}

/** What a contestant is compared with. */
function othersOf(name: string): readonly string[] {
  const peers: readonly string[] = [NAMES.nodeSoap, NAMES.tus, NAMES.bare];
  if (peers.includes(name)) return [];
  return name === NAMES.soap ? peers : [NAMES.soap];
}

export function slowReadersTable({ slowReaders }: Results): string | undefined {
  if (slowReaders.length === 0) return undefined;
  const rows = slowReaders.map(({ connections, contestant, cpu, memory, seconds }) => [
    contestant,
    String(connections),
    figure(seconds),
    figure(cpu),
    (memory / MIB).toFixed(0),
  ]);
  return table(['server', 'readers', 'all served in, s', 'CPU s/GiB', 'memory, MiB'], rows);
}

export function growthTable({ growth }: Results): string | undefined {
  if (growth.length === 0) return undefined;
  const rows = growth.flatMap(({ call, inLarge, inSmall, large, small }) =>
    [
      { where: small, cost: inSmall },
      { where: large, cost: inLarge },
    ].map(({ where, cost }) => [
      `${call}, ${where}`,
      String(cost.count),
      figure(cost.p50),
      figure(cost.p99),
      cost.count < ENOUGH_CALLS ? '' : figure(cost.cpu),
    ]),
  );
  return table(['call', 'calls', 'p50, ms', 'p99, ms', 'CPU, ms'], rows);
}

export function idleHandlersTable({ idleHandlers }: Results): string | undefined {
  if (idleHandlers.length === 0) return undefined;
  const rows = idleHandlers.flatMap(({ chunk, chunkWithout, handlers, memory, memoryWithout }) =>
    [
      { name: 'none', cost: chunkWithout, bytes: memoryWithout },
      { name: handlers.toLocaleString('en'), cost: chunk, bytes: memory },
    ].map(({ bytes, cost, name }) => [
      name,
      (bytes / MIB).toFixed(0),
      figure(cost.p50),
      figure(cost.p99),
      figure(cost.cpu),
    ]),
  );
  return table(['idle handlers', 'memory of the idle server, MiB', 'p50 of a chunk, ms', 'p99, ms', 'CPU, ms'], rows);
}

export function workersTable({ workers }: Results): string | undefined {
  if (workers.length === 0) return undefined;
  const rows = workers.map((result) => [
    result.direction,
    result.arrangement,
    figure(result.one),
    figure(result.two),
    figure(result.two / result.one),
    figure(result.cpuOfOne),
    figure(result.cpuOfTwo),
    `${(result.serverShare * 100).toFixed(0)} %`,
    `${(result.loadShare * 100).toFixed(0)} %`,
    `${(result.othersShare * 100).toFixed(0)} %`,
  ]);
  const heads = ['direction', 'cores', 'one, MiB/s', 'two, MiB/s', 'ratio', 'CPU of one, s/GiB', 'CPU of two, s/GiB'];
  return table([...heads, 'of all cores: server', 'load generator', 'others'], rows);
}

export function targetsTable(results: Results): string {
  const targets = targetsOf(results).filter((target) => target.samples.length > 0);
  const rows = targets.map((target) => [target.what, limitText(target), rangeText(target), verdict(target)]);
  const failures = targets.flatMap(failureText);
  return [
    table(['target', 'limit', 'found', ''], rows),
    ...(failures.length === 0 ? [] : ['Past their limits:', failures.map((text) => `- ${text}`).join('\n')]),
  ].join('\n\n');
}

function limitText({ kind, limit, unit }: Target): string {
  return `${kind === 'at most' ? '≤' : '≥'} ${Number(limit.toFixed(2))}${unit === 'MiB' ? ' MiB' : ''}`;
}

/** From the lowest to the highest of all sizes and numbers of connections. */
function rangeText({ samples }: Target): string {
  const values = samples.map((sample) => sample.value);
  const [lowest = '', highest = ''] = [Math.min(...values), Math.max(...values)].map(figure);
  return lowest === highest ? lowest : `${lowest} … ${highest}`;
}

/** Where a target was missed, and what there is to doubt about that. */
function failureText(target: Target): string[] {
  const failed = target.samples.filter((sample) => !passes(target, sample));
  if (failed.length === 0) return [];
  const places = failed.map(({ doubt, value, where }) => {
    const text = `${where} ${figure(value)}`;
    return doubt === undefined ? text : `${text} (${doubt})`;
  });
  return [`${target.what}: ${places.join(', ')}`];
}

export function profilesTables({ profiles }: Results): string | undefined {
  if (profiles.length === 0) return undefined;
  return profiles
    .map(({ functions, work }) => {
      const rows = functions.map(({ name, share }) => [`\`${name}\``, `${(share * 100).toFixed(1)} %`]);
      return `${work}\n\n${table(['time of its own', 'share'], rows)}`;
    })
    .join('\n\n');
}
