/** Opens and closes documents and panels a hundred times and measures what is still held. Runs in the extension host. */
import { writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import * as vscode from 'vscode';
import type { Diagnostics } from '../../../src/extension/extension.ts';
import { until } from '../pages/until.ts';
import { engineProcesses, residentMemory } from '../support/processes.ts';

export interface Measured {
  readonly held: number;
  readonly listening: number;
  /** Bytes of the engine process. */
  readonly engine: number;
}

export interface CyclesResult {
  readonly documents: { readonly before: Measured; readonly after: Measured };
  readonly panels: { readonly before: Measured; readonly after: Measured };
}

const cycles = 100;
/** Before the first measurement: programs are compiled, caches filled, pages loaded once. */
const warmUp = 8;

export async function run(): Promise<void> {
  const extension = vscode.extensions.getExtension<Diagnostics>('mechanist.mechanist')!;
  const { held, listening } = await extension.activate();
  const measure = async (): Promise<Measured> => {
    await steady(() => `${held()} ${listening()}`);
    const [engine] = engineProcesses(dirname(dirname(extension.extensionPath)));
    return { held: held(), listening: listening(), engine: residentMemory(engine!) ?? 0 };
  };
  const twice = async (step: (index: number) => Promise<void>): Promise<{ before: Measured; after: Measured }> => {
    for (let index = 0; index < warmUp; index++) await step(index);
    const before = await measure();
    for (let index = 0; index < cycles; index++) await step(index);
    return { before, after: await measure() };
  };

  const files = await vscode.workspace.findFiles('texts/*.txt');
  await vscode.commands.executeCommand('workbench.action.closeAllEditors');
  const documents = await twice(async (index) => {
    const document = await vscode.workspace.openTextDocument(files[index % files.length]!);
    await vscode.window.showTextDocument(document);
    const hovers = await vscode.commands.executeCommand<vscode.Hover[]>('vscode.executeHoverProvider', document.uri, new vscode.Position(0, 6));
    if (hovers.length === 0) throw new Error(`no hover in ${document.uri.fsPath}`);
    await vscode.commands.executeCommand('workbench.action.closeActiveEditor');
  });
  const panels = await twice(async (index) => {
    await vscode.commands.executeCommand(index % 2 === 0 ? 'mechanist.semantic.open' : 'mechanist.algorithmic.open');
    // Nothing is waited for: it is closed while its page loads, as a person does who has opened the wrong one.
    await sleep(100);
    await vscode.commands.executeCommand('workbench.action.closeAllEditors');
  });
  const result: CyclesResult = { documents, panels };
  await writeFile(join(__dirname, 'result.json'), JSON.stringify(result));
}

/** Waits until five readings in a row are the same: what was closed is let go of a moment later. */
async function steady(read: () => string): Promise<void> {
  const last: string[] = [];
  await until('what is held', () => {
    last.push(read());
    return last.slice(-5);
  }, (readings) => readings.length === 5 && new Set(readings).size === 1);
}
