import fs from 'node:fs';
import path from 'node:path';
import { fileURLToPath } from 'node:url';

const ROOT = fileURLToPath(new URL('..', import.meta.url));

/**
 * Writes a file that is generated. When the program was called with `--check` it writes nothing, and exits 1 when the file is
 * not what would be written.
 *
 * @param file - Seen from the root of the project.
 */
export function writeGenerated(file: string, text: string): void {
  const target = path.join(ROOT, file);
  if (!process.argv.includes('--check')) {
    fs.mkdirSync(path.dirname(target), { recursive: true });
    fs.writeFileSync(target, text);
  } else if (!fs.existsSync(target) || fs.readFileSync(target, 'utf8') !== text) {
    console.error(`${file} is stale: run \`npm run generate\`.`);
    process.exitCode = 1;
  }
}
