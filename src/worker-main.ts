import type { Order, Report } from './crew-messages.js';
import { openLog } from './log.js';
import { DataDirectory } from './storage/data-directory.js';
import { Worker } from './worker.js';

/* The program of a process that serves beside others. The server starts it and gives it its orders; without the server it ends. */

/* As in main.ts. */
process.umask(0o077);

let worker: Worker | undefined;
let leave = (): Promise<void> => Promise.resolve();
let lastId = 0;
const asked = new Map<number, (text: string | undefined) => void>();

process.once('disconnect', () => process.exit(1));
/* Signals meant for the server reach its workers too when they come from a terminal. The server tells them what to do. */
for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.on(signal, () => undefined);
process.on('message', (order: Order) => void obey(order));
tell({ report: 'ready' });

async function obey(order: Order): Promise<void> {
  switch (order.order) {
    case 'serve':
      return serve(order);
    case 'stop':
      process.exit(await stop());
      break;
    case 'reload':
      worker?.reload();
      return;
    case 'measure':
      if (worker) tell({ report: 'measured', id: order.id, metrics: await worker.measure() });
      return;
    case 'metrics':
      asked.get(order.id)?.(order.text);
      asked.delete(order.id);
  }
}

/** Returns what to exit with: the server must know when not all was done that only this process could do. */
async function stop(): Promise<number> {
  try {
    await worker?.stop();
    return 0;
  } catch {
    /* The log has it. */
    return 1;
  } finally {
    await leave();
  }
}

async function serve({ settings, epoch, name }: Extract<Order, { order: 'serve' }>): Promise<void> {
  try {
    const directory = new DataDirectory(settings.data, settings);
    const leaveDirectory = directory.join();
    const database = directory.openDatabase();
    const contents = await directory.openContents();
    const log = openLog(settings.logLevel, settings.logFormat);
    leave = async () => {
      await database.close();
      leaveDirectory();
    };
    worker = await Worker.create({ settings, directory, database, contents, log, epoch, name, metrics: askMetrics });
    await worker.listen();
    tell({ report: 'listening' });
  } catch (error) {
    tell({ report: 'failed', reason: error instanceof Error ? error.message : String(error) });
    process.exit(1);
  }
}

/** The metrics are those of all workers: the server has them. */
function askMetrics(): Promise<string> {
  const id = ++lastId;
  return new Promise((resolve, reject) => {
    asked.set(id, (text) => (text === undefined ? reject(new Error('There are no metrics.')) : resolve(text)));
    tell({ report: 'askMetrics', id });
  });
}

function tell(report: Report): void {
  process.send?.(report);
}
