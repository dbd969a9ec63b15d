import type { Command } from 'commander';
import type { SettingSources } from '../settings.js';
import { addSettingOptions } from './setting-options.js';
import type { Terminal } from './terminal.js';

/** What commands know of the world they are called in. */
export interface CommandContext {
  readonly terminal: Terminal;
  readonly environment: SettingSources['environment'];
}

/** Adds a command that works on the data directory, and so takes its flag. */
export function administrationCommand(parent: Command, nameAndArguments: string, description: string): Command {
  return addSettingOptions(parent.command(nameAndArguments).description(description), ['data']);
}
