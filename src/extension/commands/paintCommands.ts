/** Painting and stepping through what is painted. */
import { ProgressLocation, l10n, window } from 'vscode';
import { followedEditor } from '../editor/documents.ts';
import type { Inspector } from '../inspection/inspector.ts';
import type { OpenModels } from '../models/openModels.ts';
import type { PaintBy, Painter } from '../paint/painter.ts';
import { askFeature } from './askFeature.ts';
import type { FeatureChoice } from './askFeature.ts';

export async function paintSurprise(painter: Painter): Promise<void> {
  await paint(painter, { kind: 'surprise' });
}

/** Paints the feature that is passed, or asks for one of those active at the cursor or any other by its number. */
export async function paintFeature(painter: Painter, models: OpenModels, inspector: Inspector, given: unknown): Promise<void> {
  const choice = isFeatureChoice(given) ? given : await askFeature(models, inspector, l10n.t('Paint a feature'));
  if (choice !== undefined) await paint(painter, { kind: 'feature', dictionary: choice.dictionary, feature: choice.feature });
}

export function stepHit(painter: Painter, direction: 1 | -1): void {
  const editor = followedEditor();
  if (editor === undefined || !painter.step(editor, direction)) window.setStatusBarMessage(l10n.t('Nothing is painted strongly in this document.'), 3_000);
}

/** Paints the text that is edited, or any that is shown. */
export async function paint(painter: Painter, by: PaintBy): Promise<void> {
  const editor = followedEditor() ?? window.visibleTextEditors.find(({ document }) => document.uri.scheme === 'file');
  if (editor === undefined) {
    void window.showInformationMessage(l10n.t('Open a text to paint it.'));
    return;
  }
  // “Clear Paint” ends it; a notification with a button would be louder than what it is about.
  const { painted, of } = await window.withProgress({ location: ProgressLocation.Window, title: l10n.t('Painting') }, () => painter.paint(editor, by));
  if (painted < of) window.setStatusBarMessage(l10n.t('Painted around what is seen: {0} of {1} characters.', painted, of), 8_000);
}

function isFeatureChoice(value: unknown): value is FeatureChoice {
  if (typeof value !== 'object' || value === null) return false;
  const { dictionary, feature } = value as Partial<Record<keyof FeatureChoice, unknown>>;
  return typeof dictionary === 'string' && Number.isInteger(feature) && (feature as number) >= 0;
}
