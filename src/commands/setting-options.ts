import { type Command, Option } from 'commander';
import {
  type Declaration,
  DECLARATIONS,
  flagOf,
  loadSettings,
  type LoadedSettings,
  type SettingName,
  type SettingSources,
  variableOf,
} from '../settings.js';

/** Gives a command the flags of settings, but for secret ones: those are taken from the environment and the file only. */
export function addSettingOptions(command: Command, names: readonly SettingName[]): Command {
  command.option(
    `${flagOf('config')} <file>`,
    `JSON file with settings, by their names as "lighterage settings" prints them (${variableOf('config')})`,
  );
  for (const name of names) {
    const declaration: Declaration<unknown> = DECLARATIONS[name];
    if (declaration.isSecret) continue;
    const byDefault = declaration.default ? `; default ${declaration.default}` : '';
    const description = `${declaration.description} (${variableOf(name)}${byDefault})`;
    const option = new Option(`${flagOf(name)} ${declaration.argument}`, description);
    command.addOption(declaration.argument.startsWith('[') ? option.preset('true') : option);
  }
  return command;
}

/** The settings as the flags of a command, the environment and the file have them. @throws SettingError */
export function settingsOf(command: Command, environment: SettingSources['environment']): LoadedSettings {
  return loadSettings({ flags: command.opts<SettingSources['flags']>(), environment });
}
