/** VS Code on the desktop, where there is one. */
import { spawnSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { delimiter, join } from 'node:path';

/**
 * Path of the `code` program, if a window can be opened with it: on Linux that needs a display, and inside VS Code's own
 * terminal on a server it is a program of the same name that takes no profile.
 */
export function findDesktop(env: NodeJS.ProcessEnv = process.env, platform: NodeJS.Platform = process.platform, exists = existsSync): string | undefined {
  if (platform === 'linux' && env['DISPLAY'] === undefined && env['WAYLAND_DISPLAY'] === undefined) return undefined;
  if (env['VSCODE_IPC_HOOK_CLI'] !== undefined) return undefined;
  const name = platform === 'win32' ? 'code.cmd' : 'code';
  return (env['PATH'] ?? '').split(platform === 'win32' ? ';' : delimiter).map((folder) => join(folder, name)).find(exists);
}

/** Installs the extension into a profile of its own and opens a folder there. Throws when `code` says that it failed. */
export function openDesktop(code: string, profile: string, vsix: string, folder: string, file: string): void {
  const own = ['--user-data-dir', join(profile, 'user'), '--extensions-dir', join(profile, 'extensions')];
  for (const args of [[...own, '--install-extension', vsix, '--force'], [...own, '--new-window', folder, '--goto', join(folder, file)]]) {
    const { status, stderr, error } = spawnSync(code, args, { encoding: 'utf8', shell: process.platform === 'win32' });
    if (error !== undefined || status !== 0) throw new Error(`${code} ended with ${status ?? 'no exit code'}: ${error?.message ?? stderr}`);
  }
}
