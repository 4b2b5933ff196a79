/** The only place that sets context keys. */
import { commands } from 'vscode';
import type { ContextKey } from './contextKeys.ts';

export async function setContextKey(key: ContextKey, value: boolean): Promise<void> {
  await commands.executeCommand('setContext', key, value);
}
