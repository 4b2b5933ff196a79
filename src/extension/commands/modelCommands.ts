/** Commands on models and dictionaries. Those that a tree's row passes its node to ask for one when the palette runs them. */
import { l10n, window } from 'vscode';
import type { EnginePort } from '../process/enginePort.ts';
import type { OpenModels } from '../models/openModels.ts';
import type { ModelNode } from '../views/modelsTree.ts';
import { openDictionary as openDictionaryFor } from './openDictionary.ts';
import { openModelInSteps, openWithProgress, pickDictionary } from './openModel.ts';

export async function openModel(engine: EnginePort, models: OpenModels, given: unknown): Promise<void> {
  const node = nodeIn(given);
  if (node?.kind === 'bundled') await openWithProgress(models, { kind: 'zoo', id: node.entry.id });
  else await openModelInSteps(engine, models);
}

export function useModel(models: OpenModels, given: unknown): void {
  const node = nodeIn(given);
  if (node?.kind === 'open') models.use(node.model.model);
}

export async function closeModel(models: OpenModels, given: unknown): Promise<void> {
  const node = nodeIn(given);
  const key = node?.kind === 'open' ? node.model.model : models.active?.model.model;
  if (key !== undefined) await models.close(key);
}

export async function chooseDictionary(models: OpenModels): Promise<void> {
  const { model } = await models.need();
  if (model.dictionaries.length === 0) void window.showInformationMessage(l10n.t('{0} has no dictionary. One is opened from its folder with “Open Dictionary”.', model.id));
  else await pickDictionary(model, models);
}

export function useDictionary(models: OpenModels, given: unknown): void {
  const node = nodeIn(given);
  if (node?.kind === 'dictionary') models.useDictionary(node.model.model, node.dictionary.dictionary);
}

export function openDictionary(models: OpenModels, given: unknown): Promise<void> {
  return openDictionaryFor(models, nodeIn(given));
}

function nodeIn(given: unknown): ModelNode | undefined {
  const kind = (given as { readonly kind?: unknown } | undefined)?.kind;
  return kind === 'open' || kind === 'bundled' || kind === 'dictionary' ? (given as ModelNode) : undefined;
}
