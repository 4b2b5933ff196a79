/** Changes of notes through the editor: text edits of the document, saved when it had no unsaved changes. */
import { WorkspaceEdit, l10n, window, workspace } from 'vscode';
import type { TextDocument, Uri } from 'vscode';
import { readNote } from '../../notes/note.ts';
import type { Note } from '../../notes/note.ts';
import type { TextEdit } from '../../notes/textEdit.ts';
import { rangeOf } from '../editor/documents.ts';

/**
 * Applies what `change` derives from the note as it is in the editor. Undo takes it back. A note whose file another program
 * changed meanwhile is left unsaved: VS Code then shows both.
 */
export async function changeNote(uri: Uri, change: (note: Note) => readonly TextEdit[]): Promise<TextDocument> {
  requireTrust();
  const document = await workspace.openTextDocument(uri);
  const clean = !document.isDirty;
  const edits = change(readNote(document.getText()));
  if (edits.length === 0) return document;
  const applied = new WorkspaceEdit();
  addEdits(applied, document, edits);
  if (!(await workspace.applyEdit(applied))) throw new Error(l10n.t('{0} could not be changed.', document.fileName));
  if (clean && !document.isUntitled) await document.save();
  return document;
}

export function addEdits(into: WorkspaceEdit, document: TextDocument, edits: readonly TextEdit[]): void {
  for (const { start, end, text } of edits) into.replace(document.uri, rangeOf(document, start, end), text);
}

/** Writing and computing on files of a workspace is for trusted ones. */
export function requireTrust(): void {
  if (!workspace.isTrusted) throw new Error(l10n.t('In Restricted Mode findings are shown, but neither changed nor run.'));
}

export async function showAt(uri: Uri, start = 0, end = start): Promise<void> {
  const document = await workspace.openTextDocument(uri);
  await window.showTextDocument(document, { selection: rangeOf(document, start, end), preview: true });
}
