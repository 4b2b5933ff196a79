/** Computes around the cursor while the user moves, so that hovers find their answer. Does nothing before a model is open. */
import { workspace } from 'vscode';
import { failureText } from '../../protocol/failureText.ts';
import { PeerError } from '../../protocol/peer.ts';
import { Disposables } from '../disposables.ts';
import type { Disposable } from '../disposables.ts';
import type { Inspector } from '../inspection/inspector.ts';
import { readSetting } from '../settings.ts';
import { inspectedDocument } from './documents.ts';
import { Follow } from './follow.ts';

export function computeInBackground(inspector: Inspector, report: (problem: string) => void): Disposable {
  const owned = new Disposables();
  owned.add(new Follow((place) => {
    if (place === undefined || !isWanted(place.document.languageId)) return;
    inspector.computeAhead(inspectedDocument(place.document), place.start).catch((error: unknown) => {
      if (!PeerError.is(error, 'cancelled')) report(`computing ahead: ${failureText(error)}`);
    });
  }));
  owned.add(workspace.onDidCloseTextDocument((document) => inspector.forget(document.uri.toString())));
  return owned;
}

function isWanted(language: string): boolean {
  const chosen = readSetting('hover.languages');
  return readSetting('hover.enabled') && (chosen.includes('*') || chosen.includes(language));
}
