/** Painting and stepping through what is painted. */
import { ProgressLocation, commands, l10n, window } from 'vscode';
import type { TextEditor } from 'vscode';
import { commandIds } from '../commandIds.ts';
import { followedEditor, inspectedDocument } from '../editor/documents.ts';
import { activationText } from '../inspection/words.ts';
import type { Inspector } from '../inspection/inspector.ts';
import type { ActiveModel, OpenModels } from '../models/openModels.ts';
import type { PaintBy, Painter } from '../paint/painter.ts';
import { pickStep } from './pick.ts';

/** What a link or the inspector passes. */
export interface FeatureChoice {
  readonly dictionary: string;
  readonly feature: number;
}

export async function paintSurprise(painter: Painter): Promise<void> {
  await paint(painter, { kind: 'surprise' });
}

/** Paints the feature that is passed, or asks for one of those active at the cursor or any other by its number. */
export async function paintFeature(painter: Painter, models: OpenModels, inspector: Inspector, given: unknown): Promise<void> {
  const choice = isFeatureChoice(given) ? given : await askFeature(models, inspector);
  if (choice !== undefined) await paint(painter, { kind: 'feature', dictionary: choice.dictionary, feature: choice.feature });
}

export function stepHit(painter: Painter, direction: 1 | -1): void {
  const editor = followedEditor();
  if (editor === undefined || !painter.step(editor, direction)) window.setStatusBarMessage(l10n.t('Nothing is painted strongly in this document.'), 3_000);
}

async function paint(painter: Painter, by: PaintBy): Promise<void> {
  const editor = followedEditor() ?? window.visibleTextEditors.find(({ document }) => document.uri.scheme === 'file');
  if (editor === undefined) {
    void window.showInformationMessage(l10n.t('Open a text to paint it.'));
    return;
  }
  await withCancel((signal) => painter.paint(editor, by, signal));
}

async function withCancel(work: (signal: AbortSignal) => Promise<void>): Promise<void> {
  const stop = new AbortController();
  await window.withProgress({ location: ProgressLocation.Window, title: l10n.t('Painting') }, () => work(stop.signal));
}

async function askFeature(models: OpenModels, inspector: Inspector): Promise<FeatureChoice | undefined> {
  const active = await models.need();
  const { dictionary } = active;
  if (dictionary === undefined) {
    const open = l10n.t('Open dictionary');
    const chosen = await window.showInformationMessage(l10n.t('{0} has no dictionary, so there are no features to paint.', active.model.id), open);
    if (chosen === open) await commands.executeCommand(commandIds.openDictionary);
    return undefined;
  }
  const other = -1;
  const picked = await pickStep<number>({
    title: l10n.t('Paint a feature of {0}', dictionary.hook), placeholder: l10n.t('A feature that is active at the cursor, or any other'), step: 1, totalSteps: 1,
    items: featuresAtCursor(inspector).then((found) => [
      ...found.map(({ feature, activation }) => ({ label: `#${feature}`, description: activationText(activation), value: feature })),
      { label: l10n.t('By number…'), value: other },
    ]),
  });
  if (picked === undefined || picked === 'back') return undefined;
  const feature = picked.value === other ? await askNumber(active) : picked.value;
  return feature === undefined ? undefined : { dictionary: dictionary.dictionary, feature };
}

async function featuresAtCursor(inspector: Inspector): Promise<readonly { feature: number; activation: number }[]> {
  const editor: TextEditor | undefined = followedEditor();
  if (editor === undefined) return [];
  const document = inspectedDocument(editor.document);
  if (document.length === 0) return [];
  const offset = Math.min(editor.document.offsetAt(editor.selection.start), document.length - 1);
  const { window: read, inspection } = await inspector.inspect(document, offset);
  const token = inspection.tokens.find(({ start, end }) => read.start + start <= offset && offset < read.start + end);
  return token?.features.filter(({ activation }) => activation > 0) ?? [];
}

async function askNumber({ dictionary }: ActiveModel): Promise<number | undefined> {
  const latents = dictionary?.latents ?? 0;
  const answer = await window.showInputBox({
    title: l10n.t('Number of the feature'), placeHolder: `0 … ${latents - 1}`,
    validateInput: (text) => (/^\d+$/.test(text) && Number(text) < latents ? undefined : l10n.t('A whole number from 0 to {0}', latents - 1)),
  });
  return answer === undefined ? undefined : Number(answer);
}

function isFeatureChoice(value: unknown): value is FeatureChoice {
  if (typeof value !== 'object' || value === null) return false;
  const { dictionary, feature } = value as Partial<Record<keyof FeatureChoice, unknown>>;
  return typeof dictionary === 'string' && Number.isInteger(feature) && (feature as number) >= 0;
}
