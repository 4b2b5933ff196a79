import { delimiter, join } from 'node:path';
import { expect, it } from 'vitest';
import { findDesktop, invocationOf } from '../../../scripts/workbench/desktop.ts';

const folder = join('/opt', 'vscode');
const path = ['/usr/bin', folder].join(delimiter);
const exists = (file: unknown): boolean => file === join(folder, 'code');

it.each([
  ['with a display', { PATH: path, DISPLAY: ':0' }, 'linux', join(folder, 'code')],
  ['with a display of the newer kind', { PATH: path, WAYLAND_DISPLAY: 'wayland-0' }, 'linux', join(folder, 'code')],
  ['on a Mac', { PATH: path }, 'darwin', join(folder, 'code')],
  ['not over SSH', { PATH: path }, 'linux', undefined],
  ['not in the terminal of a remote window', { PATH: path, DISPLAY: ':0', VSCODE_IPC_HOOK_CLI: '/run/hook' }, 'linux', undefined],
  ['not where it is not installed', { PATH: '/usr/bin', DISPLAY: ':0' }, 'linux', undefined],
] as const)('a desktop VS Code is used %s', (_, env, platform, found) => {
  expect(findDesktop(env, platform, exists as never)).toBe(found);
});

it('paths with spaces stay whole on Windows, where a shell starts the program', () => {
  expect(invocationOf('C:\\VS Code\\code.cmd', ['--user-data-dir', 'C:\\My Files\\user'], 'win32')).toEqual({ file: '"C:\\VS Code\\code.cmd"', args: ['"--user-data-dir"', '"C:\\My Files\\user"'], shell: true });
  expect(invocationOf('/opt/VS Code/code', ['a b'], 'linux')).toEqual({ file: '/opt/VS Code/code', args: ['a b'], shell: false });
});
