/**
 * The packaged extension installed for a real workbench, in a folder that is thrown away. It is installed once; each
 * server then gets user data of its own.
 */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { installExtension, serve, writeUserSettings } from '../../../scripts/workbench/codeServer.ts';
import type { Server } from '../../../scripts/workbench/codeServer.ts';

export interface Installation {
  /** Everything that belongs to this run lies below it, and the paths of its processes name it. */
  readonly folder: string;
  serve(options: ServeOptions): Promise<Server>;
  dispose(): Promise<void>;
}

export interface ServeOptions {
  /** Settings of the user, beside those that keep the workbench quiet. */
  readonly settings: Readonly<Record<string, unknown>>;
  /** Workspaces are not trusted. */
  readonly restricted: boolean;
  readonly args?: readonly string[];
  readonly env?: Readonly<Record<string, string>>;
}

const quietSettings = {
  'workbench.startupEditor': 'none', 'chat.disableAIFeatures': true, 'editor.minimap.enabled': false,
  'workbench.secondarySideBar.defaultVisibility': 'hidden', 'editor.wordWrap': 'on',
};

/** `entry` is code-server's `out/node/entry.js`, `vsix` the package. */
export async function install(entry: string, vsix: string): Promise<Installation> {
  const folder = await mkdtemp(join(tmpdir(), 'mechanist-e2e-'));
  const profile = (userData: string) => ({ entry, home: join(folder, 'home'), userData: join(folder, userData), extensions: join(folder, 'extensions') });
  await installExtension(profile('user-0'), vsix);
  let servers = 0;
  return {
    folder,
    async serve({ settings, ...options }) {
      const own = profile(`user-${++servers}`);
      const trust = options.restricted ? { 'security.workspace.trust.enabled': true, 'security.workspace.trust.startupPrompt': 'never' } : { 'security.workspace.trust.enabled': false };
      await writeUserSettings(own, { ...quietSettings, ...trust, ...settings });
      return serve(own, options);
    },
    dispose: () => rm(folder, { recursive: true, force: true, maxRetries: 5, retryDelay: 200 }),
  };
}
