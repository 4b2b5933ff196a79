/** Names and defaults of the settings, below `mechanist.`. Knows nothing of vscode, so that a test can read it. */
export interface Settings {
  'hover.enabled': boolean;
  /** Language ids in which hovers answer; `*` is any. */
  'hover.languages': string[];
  'hover.features': number;
  'inlayHints.surprise': boolean;
  /** Id of the bundled model that is opened on first use. */
  'model.default': string;
  /** Gigabytes that models may take; 0 is three quarters of the machine's memory. */
  'engine.memoryLimit': number;
  /** Where new findings go, relative to the first folder of the workspace. */
  'findings.folder': string;
  'findings.showAsComments': boolean;
  /** Base URL of an OpenAI-compatible server on this machine; empty: none. */
  'labels.endpoint': string;
  /** Name of its model; empty: the first that it lists. */
  'labels.model': string;
}

export type SettingName = keyof Settings;

export const settingDefaults: Readonly<Settings> = {
  'hover.enabled': true,
  'hover.languages': ['plaintext', 'markdown'],
  'hover.features': 3,
  'inlayHints.surprise': false,
  'model.default': 'fable-4l',
  'engine.memoryLimit': 0,
  'findings.folder': 'findings',
  'findings.showAsComments': false,
  'labels.endpoint': '',
  'labels.model': '',
};
