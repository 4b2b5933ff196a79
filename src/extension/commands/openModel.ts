/** The steps of opening a model: which one, then which of its dictionaries. */
import { ProgressLocation, QuickPickItemKind, l10n, window, workspace } from 'vscode';
import type { QuickPickItem } from 'vscode';
import { failureText } from '../../protocol/failureText.ts';
import { hubIdPattern } from '../../protocol/methods.ts';
import type { DictionarySummary, ModelSource, ModelSummary, ZooEntry } from '../../protocol/methods.ts';
import { PeerError } from '../../protocol/peer.ts';
import type { EnginePort } from '../process/enginePort.ts';
import { bytesText, countText, dictionaryName } from '../inspection/words.ts';
import type { ActiveModel, OpenModels } from '../models/openModels.ts';
import { viewIds } from '../commandIds.ts';
import { pickStep } from '../pick.ts';
import { withSignal } from '../withSignal.ts';

type Choice = ModelSource | { readonly kind: 'browseFolder' } | { readonly kind: 'browseOnnx' } | { readonly kind: 'askHub' };
type Item = QuickPickItem & { readonly value?: Choice };

/** Asks for a model and opens it; then, where it has several dictionaries, for one of them. */
export async function openModelInSteps(engine: EnginePort, models: OpenModels): Promise<void> {
  for (;;) {
    const picked = await pickStep<Choice>({
      title: l10n.t('Open model'), placeholder: l10n.t('A bundled model, the path of one on your disk, or its id on the hub'), step: 1, totalSteps: 2, items: choices(engine), typed: typedChoice,
    });
    if (picked === undefined || picked === 'back') return;
    const source = await sourceOf(picked.value);
    if (source === undefined) return;
    const { model } = await openWithProgress(models, source);
    if (model.dictionaries.length < 2) return;
    if ((await pickDictionary(model, models, 2)) !== 'back') return;
  }
}

/** Asks which dictionary features are read from, and by that at which hook point. */
export async function pickDictionary(model: ModelSummary, models: OpenModels, step = 1): Promise<'done' | 'back' | undefined> {
  const used = models.active?.dictionary?.dictionary;
  const picked = await pickStep<DictionarySummary>({
    title: l10n.t('Dictionary of {0}', model.id),
    placeholder: l10n.t('Features are read with this dictionary, at its hook point'),
    step, totalSteps: step,
    items: Promise.resolve(model.dictionaries.map((dictionary) => ({
      label: `${dictionary.dictionary === used ? '$(check) ' : ''}${dictionaryName(dictionary)}`,
      description: `${dictionary.kind.toUpperCase()} · ${dictionary.architecture} · ${l10n.t('{0} features', dictionary.latents)}`,
      value: dictionary,
    }))),
  });
  if (picked === undefined || picked === 'back') return picked;
  models.useDictionary(model.model, picked.value.dictionary);
  return 'done';
}

/**
 * Opens with progress: in the view of models, or, for a download, which a person has asked for and may end, in a
 * notification. What ended the engine the last time is opened only after another question.
 */
export async function openWithProgress(models: OpenModels, source: ModelSource): Promise<ActiveModel> {
  const open = (insist: boolean): Thenable<ActiveModel> => (source.kind === 'hub'
    ? downloadAndOpen(models, source, insist)
    : window.withProgress({ location: { viewId: viewIds.models } }, () => models.open(source, { insist })));
  try {
    return await open(false);
  } catch (error) {
    if (!PeerError.is(error, 'refused')) throw error;
    const anyway = l10n.t('Open anyway');
    if ((await window.showWarningMessage(failureText(error), anyway)) !== anyway) throw error;
    return open(true);
  }
}

function downloadAndOpen(models: OpenModels, source: Extract<ModelSource, { kind: 'hub' }>, insist: boolean): Thenable<ActiveModel> {
  return window.withProgress({ location: ProgressLocation.Notification, cancellable: true, title: l10n.t('Opening {0}', source.id) }, (progress, cancel) =>
    withSignal(cancel, (signal) => models.open(source, { insist, signal, onProgress: (step) => progress.report({ message: downloadText(step) }) })));
}

/** "2 of 4 · model.safetensors · 12 MB of 548 MB" */
function downloadText(step: unknown): string {
  const { stage, file, received, size, index, count } = step as { stage?: string; file?: string; received?: number; size?: number; index?: number; count?: number };
  if (stage !== 'download' || index === undefined || index === 0) return file ?? '';
  return `${l10n.t('{0} of {1}', index, count ?? index)} · ${file ?? ''} · ${l10n.t('{0} of {1}', bytesText(received ?? 0), bytesText(size ?? 0))}`;
}

async function choices(engine: EnginePort): Promise<Item[]> {
  const bundled = await engine.call('zoo.list', {});
  return [
    { label: l10n.t('Bundled'), kind: QuickPickItemKind.Separator },
    ...bundled.map(({ id, parameters }: ZooEntry): Item => ({ label: id, description: l10n.t('{0} parameters', countText(parameters)), value: { kind: 'zoo', id } })),
    { label: l10n.t('From disk'), kind: QuickPickItemKind.Separator },
    { label: `$(folder) ${l10n.t('Hugging Face folder…')}`, detail: l10n.t('config.json, safetensors and tokenizer.json'), value: { kind: 'browseFolder' } },
    { label: `$(file-binary) ${l10n.t('ONNX file…')}`, value: { kind: 'browseOnnx' } },
    { label: l10n.t('From the network'), kind: QuickPickItemKind.Separator },
    { label: `$(cloud-download) ${l10n.t('Hub id…')}`, detail: l10n.t('Downloads a model from the Hugging Face hub into the cache that its libraries share'), value: { kind: 'askHub' } },
  ];
}

/** A path or a hub id that is typed where the models are chosen. */
function typedChoice(text: string): Item | undefined {
  const value = text.trim();
  const detail = l10n.t('Enter opens it');
  if (/^(?:\/|[A-Za-z]:[\\/])./.test(value)) return { label: `$(folder) ${value}`, detail, value: /\.onnx$/i.test(value) ? { kind: 'onnx', path: value } : { kind: 'folder', path: value } };
  if (hubIdPattern.test(value)) return { label: `$(cloud-download) ${value}`, detail: l10n.t('Enter downloads it from the hub and opens it'), value: { kind: 'hub', id: value } };
  return undefined;
}

async function sourceOf(choice: Choice): Promise<ModelSource | undefined> {
  if (choice.kind === 'zoo') return choice;
  if (!workspace.isTrusted) {
    void window.showWarningMessage(l10n.t('Models are opened from disk or from the hub in trusted workspaces only. The bundled models are always available.'));
    return undefined;
  }
  if (choice.kind === 'folder' || choice.kind === 'onnx' || choice.kind === 'hub') return choice;
  if (choice.kind === 'askHub') return askHub();
  const folder = choice.kind === 'browseFolder';
  const [chosen] = (await window.showOpenDialog({
    title: folder ? l10n.t('Open the folder of a model') : l10n.t('Open an ONNX file'), canSelectFolders: folder, canSelectFiles: !folder, openLabel: l10n.t('Open model'), ...(folder ? {} : { filters: { ONNX: ['onnx'] } }),
  })) ?? [];
  if (chosen === undefined) return undefined;
  return folder ? { kind: 'folder', path: chosen.fsPath } : { kind: 'onnx', path: chosen.fsPath };
}

async function askHub(): Promise<ModelSource | undefined> {
  const given = await window.showInputBox({
    title: l10n.t('Open model from the hub'), prompt: l10n.t('Nothing is downloaded before you press Enter.'), placeHolder: 'openai-community/gpt2',
    validateInput: (value) => (hubIdPattern.test(value.trim()) ? undefined : l10n.t('An id looks like OWNER/NAME.')),
  });
  return given === undefined ? undefined : { kind: 'hub', id: given.trim() };
}
