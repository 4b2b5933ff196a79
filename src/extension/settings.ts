/** The extension's settings, typed. Names and defaults are those of the manifest; a test holds the two against each other. */
import { workspace } from 'vscode';
import type { ConfigurationChangeEvent, Disposable, Uri } from 'vscode';
import { settingDefaults } from './settingDefaults.ts';
import type { SettingName, Settings } from './settingDefaults.ts';

const section = 'mechanist';

/** `resource`: for settings that a folder may have its own value of. */
export function readSetting<N extends SettingName>(name: N, resource?: Uri): Settings[N] {
  return workspace.getConfiguration(section, resource).get<Settings[N]>(name, settingDefaults[name]);
}

/** Writes the user's own value, or that of the workspace where one overrides it. */
export async function writeSetting<N extends SettingName>(name: N, value: Settings[N]): Promise<void> {
  const configuration = workspace.getConfiguration(section);
  const overridden = configuration.inspect(name)?.workspaceValue !== undefined;
  await configuration.update(name, value, !overridden);
}

export function onSettingChange(name: SettingName, listener: () => void): Disposable {
  return workspace.onDidChangeConfiguration((change: ConfigurationChangeEvent) => {
    if (change.affectsConfiguration(`${section}.${name}`)) listener();
  });
}
