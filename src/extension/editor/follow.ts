/** Tells where the user is: the followed editor and the offset of its cursor, once it has rested for a moment. */
import { window, workspace } from 'vscode';
import type { TextDocument } from 'vscode';
import { Disposables } from '../disposables.ts';
import type { Disposable } from '../disposables.ts';
import { followedEditor } from './documents.ts';

export interface Place {
  readonly document: TextDocument;
  readonly start: number;
  readonly end: number;
}

/** Long enough that moving through a line asks once, short enough to feel immediate. */
const rest = 120;

export class Follow implements Disposable {
  private readonly owned = new Disposables();
  private readonly listener: (place: Place | undefined) => void;
  private timer: NodeJS.Timeout | undefined;

  constructor(listener: (place: Place | undefined) => void) {
    this.listener = listener;
    const later = (): void => this.later();
    this.owned.add(window.onDidChangeTextEditorSelection(later));
    this.owned.add(window.onDidChangeActiveTextEditor(later));
    this.owned.add(workspace.onDidChangeTextDocument(({ document }) => {
      if (document === followedEditor()?.document) later();
    }));
    this.owned.add({ dispose: () => clearTimeout(this.timer) });
  }

  /** The place now, without waiting. */
  static place(): Place | undefined {
    const editor = followedEditor();
    if (editor === undefined) return undefined;
    const { document, selection } = editor;
    return { document, start: document.offsetAt(selection.start), end: document.offsetAt(selection.end) };
  }

  dispose(): void {
    this.owned.dispose();
  }

  private later(): void {
    clearTimeout(this.timer);
    this.timer = setTimeout(() => this.listener(Follow.place()), rest);
  }
}
