/** Context keys that `when` clauses in the manifest read. This file is the only place that sets them. */
import { commands } from 'vscode';

export const contextKeys = {
  /** A model is open. */
  modelOpen: 'mechanist.modelOpen',
  /** The engine process ended unexpectedly, or could not start. */
  engineFailed: 'mechanist.engineFailed',
  /** The active editor's text is painted. */
  painted: 'mechanist.painted',
  hoverEnabled: 'mechanist.hoverEnabled',
} as const;

export type ContextKey = (typeof contextKeys)[keyof typeof contextKeys];

export async function setContextKey(key: ContextKey, value: boolean): Promise<void> {
  await commands.executeCommand('setContext', key, value);
}
