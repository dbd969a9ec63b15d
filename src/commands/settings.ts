import type { Command } from 'commander';
import { type Declaration, DECLARATIONS, type LoadedSettings, SETTING_NAMES, type SettingName } from '../settings.js';
import type { CommandContext } from './command-context.js';
import { addSettingOptions, settingsOf } from './setting-options.js';

/** `lighterage settings` */
export function addSettingsCommand(program: Command, { terminal, environment }: CommandContext): void {
  const command = program.command('settings').description('print all settings and where each comes from');
  addSettingOptions(command, SETTING_NAMES).action((_: unknown, called: Command) => {
    const loaded = settingsOf(called, environment);
    terminal.printTable([['SETTING', 'VALUE', 'FROM'], ...SETTING_NAMES.map((name) => row(name, loaded))]);
  });
}

function row(name: SettingName, { texts, origins }: LoadedSettings): string[] {
  const declaration: Declaration<unknown> = DECLARATIONS[name];
  const text = texts[name];
  if (text === undefined) return [name, '(not set)', origins[name]];
  return [name, declaration.isSecret ? '(secret)' : text, origins[name]];
}
