#!/usr/bin/env node
import { runCommandLine } from './commands/command-line.js';

/* What the program writes, a database or a backup, is for the user it runs as alone. */
process.umask(0o077);

const status = await runCommandLine(process.argv.slice(2), {
  environment: process.env,
  input: process.stdin,
  output: process.stdout,
  errors: process.stderr,
});
process.exitCode = status;
