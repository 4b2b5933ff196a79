/** Sentences of a panel's page, translated. The lists are collected from `webview-ui` by `npm run l10n`; a test holds them against it. */
import { l10n } from 'vscode';
import type { PanelKind } from '../../protocol/views/panel.ts';
import sentences from './sentences.json' with { type: 'json' };

export function panelStrings(kind: PanelKind): Record<string, string> {
  return Object.fromEntries([...sentences.shared, ...sentences[kind]].map((sentence) => [sentence, l10n.t(sentence)]));
}
