import { openLog } from './log.js';
import { DataDirectory } from './storage/data-directory.js';
import { Worker } from './worker.js';
import type { WorkerOrders, WorkerReport } from './worker-process.js';

/* The program of a process that serves beside others. The server starts it and gives it its orders; without the server it ends. */

process.once('disconnect', () => process.exit(1));
/* Signals meant for the server reach its workers too when they come from a terminal. The server tells them when to stop. */
process.on('SIGINT', () => undefined);
process.on('SIGTERM', () => undefined);
process.once('message', (orders) => void serve(orders as WorkerOrders));
tell('ready');

async function serve({ settings, epoch, name }: WorkerOrders): Promise<void> {
  try {
    const directory = new DataDirectory(settings.data);
    const leave = directory.join();
    const database = directory.openDatabase();
    const contents = await directory.openContents();
    const log = openLog(settings.logLevel, settings.logFormat);
    const worker = await Worker.create({ settings, directory, database, contents, log, epoch, name });
    process.once('message', () => {
      void worker
        .stop()
        .then(() => database.close())
        .then(leave)
        .then(() => process.exit(0));
    });
    tell({ port: await worker.listen() });
  } catch (error) {
    tell({ failure: error instanceof Error ? error.message : String(error) });
    process.exit(1);
  }
}

function tell(report: WorkerReport): void {
  process.send?.(report);
}
