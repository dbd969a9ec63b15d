#!/usr/bin/env node
import { runCommandLine } from './commands/command-line.js';

const status = await runCommandLine(process.argv.slice(2), {
  environment: process.env,
  input: process.stdin,
  output: process.stdout,
  errors: process.stderr,
});
process.exitCode = status;
