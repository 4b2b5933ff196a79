/** Asks for a feature: one of those active at the cursor, or any other by its number. */
import { commands, l10n, window } from 'vscode';
import type { TextEditor } from 'vscode';
import { commandIds } from '../commandIds.ts';
import { followedEditor, inspectedDocument } from '../editor/documents.ts';
import { activationText } from '../inspection/words.ts';
import type { Inspector } from '../inspection/inspector.ts';
import type { ActiveModel, OpenModels } from '../models/openModels.ts';
import { pickStep } from '../pick.ts';

/** What a link or the inspector passes. */
export interface FeatureChoice {
  readonly dictionary: string;
  readonly feature: number;
}

/** `undefined` when the user thought better of it, or the model has no dictionary. `title`: what the feature is asked for. */
export async function askFeature(models: OpenModels, inspector: Inspector, title: string): Promise<FeatureChoice | undefined> {
  const active = await models.need();
  const { dictionary } = active;
  if (dictionary === undefined) {
    const open = l10n.t('Open dictionary');
    const chosen = await window.showInformationMessage(l10n.t('{0} has no dictionary, so there are no features.', active.model.id), open);
    if (chosen === open) await commands.executeCommand(commandIds.openDictionary);
    return undefined;
  }
  const other = -1;
  const picked = await pickStep<number>({
    title: `${title} · ${dictionary.hook}`, placeholder: l10n.t('A feature that is active at the cursor, or any other'), step: 1, totalSteps: 1,
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
