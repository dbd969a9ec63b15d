import fs from 'node:fs';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import ts from 'typescript';

const SOURCE = fileURLToPath(new URL('./programs', import.meta.url));

/** Where packages are still found from. */
const TARGET = fileURLToPath(new URL('../../node_modules/.cache/lighterage-bench', import.meta.url));

/**
 * Turns the peers and the load generator into plain JavaScript, so that each runs under `node` alone, as the server does. Returns the
 * directory they are in.
 */
export function buildPrograms(): string {
  fs.rmSync(TARGET, { recursive: true, force: true });
  for (const name of fs.readdirSync(SOURCE, { recursive: true, encoding: 'utf8' })) {
    if (!name.endsWith('.ts')) continue;
    const { outputText } = ts.transpileModule(fs.readFileSync(path.join(SOURCE, name), 'utf8'), {
      compilerOptions: { module: ts.ModuleKind.ESNext, target: ts.ScriptTarget.ES2023, verbatimModuleSyntax: true },
    });
    const target = path.join(TARGET, name.replace(/\.ts$/, '.js'));
    fs.mkdirSync(path.dirname(target), { recursive: true });
    fs.writeFileSync(target, outputText);
  }
  fs.writeFileSync(path.join(TARGET, 'package.json'), '{ "type": "module" }\n');
  return TARGET;
}
