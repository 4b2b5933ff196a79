/** A VS Code document as a text that is read in parts, without copying the whole. */
import { Range, Uri, window } from 'vscode';
import type { TextDocument, TextEditor } from 'vscode';
import type { InspectedDocument } from '../inspection/inspector.ts';

export function inspectedDocument(document: TextDocument): InspectedDocument {
  return {
    id: document.uri.toString(),
    version: document.version,
    length: document.offsetAt(document.lineAt(document.lineCount - 1).range.end),
    slice: (start, end) => document.getText(rangeOf(document, start, end)),
  };
}

export function rangeOf(document: TextDocument, start: number, end: number): Range {
  return new Range(document.positionAt(start), document.positionAt(end));
}

/** The editor whose text the surfaces follow: the active one, if it shows a text of the user's. */
export function followedEditor(): TextEditor | undefined {
  const editor = window.activeTextEditor;
  return editor !== undefined && isText(editor.document) ? editor : undefined;
}

export function visibleEditorsOf(id: string): TextEditor[] {
  const wanted = Uri.parse(id).toString();
  return window.visibleTextEditors.filter(({ document }) => document.uri.toString() === wanted);
}

/** Output channels and the debug console are text documents too, and nobody's prompts. */
function isText({ uri }: TextDocument): boolean {
  return ['file', 'untitled', 'vscode-remote', 'vscode-vfs', 'vscode-userdata'].includes(uri.scheme);
}
