import { run } from '../support/command.js';
import type { Report } from '../support/report.js';
import type { Program } from './toolkit.js';

/**
 * Runs a client through its workflow and reports every step, also those it did not come to. That it ends in time and with 0, and
 * says nothing besides its steps, is a check of its own: a toolkit complains there of what it does not like.
 */
export async function runProgram({ name, steps, command }: Program, report: Report): Promise<void> {
  // A client's folder of its own, with a name that has to be escaped and encoded on every binding.
  const environment = { ...command.environment, INTEROP_FOLDER: `/Public/${name}, Fähre & Söhne €` };
  const { status, output, errors } = await run({ ...command, environment });
  const unread = new Set(output.split('\n'));
  for (const step of steps) {
    const failure = `not ok: ${step}: `;
    const line = [...unread].find((candidate) => candidate === `ok: ${step}` || candidate.startsWith(failure));
    if (line === `ok: ${step}`) report.pass(`${name} ${step}`);
    else report.fail(`${name} ${step}`, line?.slice(failure.length) ?? 'it was never reported');
    if (line !== undefined) unread.delete(line);
  }
  await report.check(`${name} runs to its end and complains of nothing`, () => {
    const complaints = [...unread, ...errors.split('\n')].filter((line) => line !== '');
    if (status !== 0) complaints.push(`it ended with ${status ?? 'a signal, or after its time'}`);
    if (complaints.length > 0) throw new Error(complaints.join(' | ').slice(0, 2000));
  });
}
