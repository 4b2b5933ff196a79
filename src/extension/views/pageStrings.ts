/** Sentences of a page, translated. The lists are collected from `webview-ui` by `npm run l10n`; a test holds them against it. */
import { l10n } from 'vscode';
import sentences from './sentences.json' with { type: 'json' };

export function pageStrings(page: Exclude<keyof typeof sentences, 'shared'>): Record<string, string> {
  return Object.fromEntries([...sentences.shared, ...sentences[page]].map((sentence) => [sentence, l10n.t(sentence)]));
}
