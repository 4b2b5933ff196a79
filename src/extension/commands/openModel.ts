/** The steps of opening a model: which one, then which of its dictionaries. */
import { QuickPickItemKind, l10n, window, workspace } from 'vscode';
import type { QuickPickItem } from 'vscode';
import type { DictionarySummary, ModelSource, ModelSummary, ZooEntry } from '../../protocol/methods.ts';
import { PeerError } from '../../protocol/peer.ts';
import type { EnginePort } from '../process/enginePort.ts';
import { countText } from '../inspection/words.ts';
import { describeFailure } from '../models/openModels.ts';
import type { ActiveModel, OpenModels } from '../models/openModels.ts';
import { viewIds } from '../commandIds.ts';
import { pickStep } from './pick.ts';

type Choice = ModelSource | { readonly kind: 'browseFolder' } | { readonly kind: 'browseOnnx' };
type Item = QuickPickItem & { readonly value?: Choice };

/** Asks for a model and opens it; then, where it has several dictionaries, for one of them. */
export async function openModelInSteps(engine: EnginePort, models: OpenModels): Promise<void> {
  for (;;) {
    const picked = await pickStep<Choice>({
      title: l10n.t('Open model'), placeholder: l10n.t('A bundled model, or one from your disk'), step: 1, totalSteps: 2, items: choices(engine),
    });
    if (picked === undefined || picked === 'back') return;
    const source = await sourceOf(picked.value);
    if (source === undefined) return;
    const { model } = await openWithProgress(models, source);
    if (model.dictionaries.length < 2) return;
    if ((await pickDictionary(model, models, 2)) !== 'back') return;
  }
}

/** Asks which dictionary features are read from. */
export async function pickDictionary(model: ModelSummary, models: OpenModels, step = 1): Promise<'done' | 'back' | undefined> {
  const used = models.active?.dictionary?.dictionary;
  const picked = await pickStep<DictionarySummary>({
    title: l10n.t('Dictionary of {0}', model.id),
    placeholder: l10n.t('Features are read with this dictionary, at its hook point'),
    step, totalSteps: step,
    items: Promise.resolve(model.dictionaries.map((dictionary) => ({
      label: `${dictionary.dictionary === used ? '$(check) ' : ''}${dictionary.hook}`,
      description: `${dictionary.kind.toUpperCase()} · ${dictionary.architecture} · ${l10n.t('{0} features', dictionary.latents)}`,
      value: dictionary,
    }))),
  });
  if (picked === undefined || picked === 'back') return picked;
  models.useDictionary(model.model, picked.value.dictionary);
  return 'done';
}

export async function openWithProgress(models: OpenModels, source: ModelSource): Promise<ActiveModel> {
  const open = async (insist: boolean): Promise<ActiveModel> => window.withProgress({ location: { viewId: viewIds.models } }, () => models.open(source, insist));
  try {
    return await open(false);
  } catch (error) {
    if (!PeerError.is(error, 'refused')) throw error;
    const anyway = l10n.t('Open anyway');
    if ((await window.showWarningMessage(describeFailure(error), anyway)) !== anyway) throw error;
    return open(true);
  }
}

async function choices(engine: EnginePort): Promise<Item[]> {
  const bundled = await engine.call('zoo.list', {});
  return [
    { label: l10n.t('Bundled'), kind: QuickPickItemKind.Separator },
    ...bundled.map(({ id, parameters }: ZooEntry): Item => ({ label: id, description: l10n.t('{0} parameters', countText(parameters)), value: { kind: 'zoo', id } })),
    { label: l10n.t('From disk'), kind: QuickPickItemKind.Separator },
    { label: `$(folder) ${l10n.t('Hugging Face folder…')}`, detail: l10n.t('config.json, safetensors and tokenizer.json'), value: { kind: 'browseFolder' } },
    { label: `$(file-binary) ${l10n.t('ONNX file…')}`, value: { kind: 'browseOnnx' } },
  ];
}

async function sourceOf(choice: Choice): Promise<ModelSource | undefined> {
  if (choice.kind !== 'browseFolder' && choice.kind !== 'browseOnnx') return choice;
  if (!workspace.isTrusted) {
    void window.showWarningMessage(l10n.t('Models are opened from disk in trusted workspaces only. The bundled models are always available.'));
    return undefined;
  }
  const folder = choice.kind === 'browseFolder';
  const [chosen] = (await window.showOpenDialog({
    canSelectFolders: folder, canSelectFiles: !folder, openLabel: l10n.t('Open model'), ...(folder ? {} : { filters: { ONNX: ['onnx'] } }),
  })) ?? [];
  if (chosen === undefined) return undefined;
  return folder ? { kind: 'folder', path: chosen.fsPath } : { kind: 'onnx', path: chosen.fsPath };
}
