import fs from 'node:fs';

/** Lighterage's own version, as package.json has it: `1.2.3`. */
export const PRODUCT_VERSION = readVersion();

function readVersion(): string {
  const text = fs.readFileSync(new URL('../../package.json', import.meta.url), 'utf8');
  return (JSON.parse(text) as { version: string }).version;
}
