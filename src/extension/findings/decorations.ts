/** A badge on the files of findings whose evidence did not hold when it was last run. */
import { EventEmitter, FileDecoration, ThemeColor, l10n, window } from 'vscode';
import type { FileDecorationProvider, Uri } from 'vscode';
import { Disposables } from '../disposables.ts';
import type { Disposable } from '../disposables.ts';
import type { FindingNotes } from './findingNotes.ts';

export function registerFindingDecorations(notes: FindingNotes): Disposable {
  const owned = new Disposables();
  const changes = owned.add(new EventEmitter<undefined>());
  const provider: FileDecorationProvider = {
    onDidChangeFileDecorations: changes.event,
    provideFileDecoration: (uri: Uri) => {
      const state = notes.index.at(uri.toString())?.state;
      if (state === 'contradicted') return new FileDecoration('✗', l10n.t('Evidence was contradicted when it was last run'), new ThemeColor('list.errorForeground'));
      if (state === 'drifted' || state === 'not-runnable') return new FileDecoration('≠', l10n.t('Evidence drifted or could not be run'), new ThemeColor('list.warningForeground'));
      return undefined;
    },
  };
  owned.add(notes.onChange(() => changes.fire(undefined)));
  owned.add(window.registerFileDecorationProvider(provider));
  return owned;
}
