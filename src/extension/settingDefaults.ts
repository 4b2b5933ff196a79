/** Names and defaults of the settings, below `mechanist.`. Knows nothing of vscode, so that a test can read it. */
export interface Settings {
  'hover.enabled': boolean;
  /** Language ids in which hovers answer; `*` is any. */
  'hover.languages': string[];
  'hover.features': number;
  /** Id of the bundled model that is opened on first use. */
  'model.default': string;
  /** Gigabytes that a model may take; 0 leaves the limit to the engine. */
  'engine.memoryLimit': number;
}

export type SettingName = keyof Settings;

export const settingDefaults: Readonly<Settings> = {
  'hover.enabled': true,
  'hover.languages': ['plaintext', 'markdown'],
  'hover.features': 3,
  'model.default': 'fable-4l',
  'engine.memoryLimit': 0,
};
