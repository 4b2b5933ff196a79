/** Sentences of the inspector's page, translated. The list is what `webview-ui/inspector` passes to its `t`; a test holds the two together. */
import { l10n } from 'vscode';
import { inspectorSentences } from './inspectorSentences.ts';

export function inspectorStrings(): Record<string, string> {
  return Object.fromEntries(inspectorSentences.map((sentence) => [sentence, l10n.t(sentence)]));
}
