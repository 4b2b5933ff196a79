/** The Markdown files of the workspace, in an index that follows them: on disk, and as they are typed. */
import { RelativePattern, workspace } from 'vscode';
import type { TextDocument, Uri } from 'vscode';
import { readNote } from '../../notes/note.ts';
import type { Note } from '../../notes/note.ts';
import { NoteIndex } from '../../notes/noteIndex.ts';
import { Disposables } from '../disposables.ts';
import type { Disposable } from '../disposables.ts';
import { Listeners } from '../listeners.ts';

const mostFiles = 20_000;
const largestFile = 8_000_000;
/** An edit is taken in after this long without another. */
const quiet = 150;

/** Paths in the index are the strings of URIs. */
export class FindingNotes implements Disposable {
  readonly index = new NoteIndex();
  private readonly owned = new Disposables();
  private readonly changes = this.owned.add(new Listeners<void>());
  private readonly report: (problem: string) => void;
  private readonly waiting = new Map<string, NodeJS.Timeout>();
  private readonly read = new WeakMap<TextDocument, { version: number; note: Note }>();
  private loading: Promise<void> | undefined;
  private following = false;
  /** Files that were found in the workspace. */
  private readonly found = new Set<string>();

  constructor(report: (problem: string) => void) {
    this.report = report;
  }

  readonly onChange = this.changes.event;

  /** Reads the workspace on first use, and follows it from then on. Rejects when that fails, and tries again the next time. */
  ready(): Promise<void> {
    this.loading ??= this.load().catch((error: unknown) => {
      this.loading = undefined;
      this.report(`the notes of the workspace were not read: ${error instanceof Error ? error.message : String(error)}`);
      throw error;
    });
    return this.loading;
  }

  /** Does something once they are read; that they were not is in the log. */
  whenReady(run: () => void): void {
    void this.ready().then(run, () => undefined);
  }

  /** A document as a note; read once per version. */
  noteOf(document: TextDocument): Note {
    const known = this.read.get(document);
    if (known?.version === document.version) return known.note;
    const note = readNote(document.getText());
    this.read.set(document, { version: document.version, note });
    return note;
  }

  /** Takes a document in now, as it is in the editor. */
  takeIn(document: TextDocument): void {
    if (!isMarkdown(document)) return;
    this.index.update(document.uri.toString(), document.getText());
    this.changes.fire();
  }

  dispose(): void {
    for (const timer of this.waiting.values()) clearTimeout(timer);
    this.owned.dispose();
  }

  private async load(): Promise<void> {
    this.follow();
    await this.readAll();
    for (const document of workspace.textDocuments) if (isMarkdown(document)) this.index.update(document.uri.toString(), document.getText());
    this.changes.fire();
  }

  private follow(): void {
    if (this.following) return;
    this.following = true;
    const watcher = this.owned.add(workspace.createFileSystemWatcher('**/*.md'));
    this.owned.add(watcher.onDidCreate((uri) => this.refresh(uri)));
    this.owned.add(watcher.onDidChange((uri) => this.refresh(uri)));
    this.owned.add(watcher.onDidDelete((uri) => this.forget(uri)));
    this.owned.add(workspace.onDidOpenTextDocument((document) => this.soon(document)));
    this.owned.add(workspace.onDidChangeTextDocument(({ document }) => this.soon(document)));
    this.owned.add(workspace.onDidChangeWorkspaceFolders(() => {
      this.loading = undefined;
      this.whenReady(() => undefined);
    }));
  }

  /** What was found before and is not any more leaves the index: its folder has been removed. */
  private async readAll(): Promise<void> {
    const before = new Set(this.found);
    this.found.clear();
    for (const folder of workspace.workspaceFolders ?? []) {
      const files = await workspace.findFiles(new RelativePattern(folder, '**/*.md'), '**/{node_modules,.git}/**', mostFiles);
      for (const file of files) {
        this.found.add(file.toString());
        await this.readFile(file);
      }
    }
    for (const path of before) if (!this.found.has(path)) this.index.remove(path);
  }

  private async readFile(uri: Uri): Promise<void> {
    try {
      const { size } = await workspace.fs.stat(uri);
      if (size > largestFile) throw new Error(`it has ${size} bytes, more than ${largestFile}`);
      const text = new TextDecoder('utf-8', { fatal: true }).decode(await workspace.fs.readFile(uri));
      this.index.update(uri.toString(), text);
    } catch (error) {
      this.index.remove(uri.toString());
      this.report(`${uri.fsPath} was not read: ${error instanceof Error ? error.message : String(error)}`);
    }
  }

  private refresh(uri: Uri): void {
    const open = workspace.textDocuments.find((document) => document.uri.toString() === uri.toString());
    if (open !== undefined) this.soon(open);
    else {
      this.found.add(uri.toString());
      void this.readFile(uri).then(() => this.changes.fire());
    }
  }

  private forget(uri: Uri): void {
    this.found.delete(uri.toString());
    this.index.remove(uri.toString());
    this.changes.fire();
  }

  private soon(document: TextDocument): void {
    if (!isMarkdown(document)) return;
    const key = document.uri.toString();
    clearTimeout(this.waiting.get(key));
    this.waiting.set(key, setTimeout(() => {
      this.waiting.delete(key);
      if (!document.isClosed) this.takeIn(document);
    }, quiet));
  }
}

export function isMarkdown({ languageId, uri }: TextDocument): boolean {
  return languageId === 'markdown' && uri.scheme !== 'git' && uri.scheme !== 'output';
}
