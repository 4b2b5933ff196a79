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

/** How a program is started with arguments: on Windows `code` is a batch file, which a shell has to run, and which splits what is not quoted. */
export function invocationOf(program: string, args: readonly string[], platform: NodeJS.Platform = process.platform): { readonly file: string; readonly args: readonly string[]; readonly shell: boolean } {
  if (platform !== 'win32') return { file: program, args, shell: false };
  const quoted = (text: string): string => `"${text}"`;
  return { file: quoted(program), args: args.map(quoted), shell: true };
}

/** Installs the extension into a profile of its own and opens a folder there. Throws when `code` says that it failed. */
export function openDesktop(code: string, profile: string, vsix: string, folder: string, file: string): void {
  const own = ['--user-data-dir', join(profile, 'user'), '--extensions-dir', join(profile, 'extensions')];
  for (const args of [[...own, '--install-extension', vsix, '--force'], [...own, '--new-window', folder, '--goto', join(folder, file)]]) {
    const { file: program, args: given, shell } = invocationOf(code, args);
    const { status, stderr, error } = spawnSync(program, given, { encoding: 'utf8', shell });
    if (error !== undefined || status !== 0) throw new Error(`${code} ended with ${status ?? 'no exit code'}: ${error?.message ?? stderr}`);
  }
}
