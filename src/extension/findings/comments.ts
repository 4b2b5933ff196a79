/**
 * Findings beside the texts they were measured on, as comments: a view of the notes, which stay the source. Behind
 * `mechanist.findings.showAsComments`. A text is recognised when a record names it as an input file, or quotes a line of it.
 */
import { CommentMode, CommentThreadCollapsibleState, MarkdownString, Range, Uri, comments, l10n, workspace } from 'vscode';
import type { CommentController, CommentThread, TextDocument } from 'vscode';
import { Disposables } from '../disposables.ts';
import type { Disposable } from '../disposables.ts';
import { onSettingChange, readSetting } from '../settings.ts';
import { commandIds } from '../commandIds.ts';
import type { FindingNotes } from './findingNotes.ts';
import { quotedLines } from './quotedLines.ts';
import { badgeOf } from './words.ts';

const mostThreads = 100;
const quiet = 300;

export class FindingComments implements Disposable {
  private readonly owned = new Disposables();
  private readonly notes: FindingNotes;
  private controller: CommentController | undefined;
  private readonly threads = new Map<string, CommentThread[]>();
  private timer: NodeJS.Timeout | undefined;

  constructor(notes: FindingNotes) {
    this.notes = notes;
    this.owned.add(onSettingChange('findings.showAsComments', () => this.soon()));
    this.owned.add(notes.onChange(() => this.soon()));
    this.owned.add(workspace.onDidOpenTextDocument(() => this.soon()));
    this.owned.add(workspace.onDidCloseTextDocument(({ uri }) => this.clear(uri.toString())));
    this.soon();
  }

  dispose(): void {
    clearTimeout(this.timer);
    this.controller?.dispose();
    this.controller = undefined;
    this.owned.dispose();
  }

  private soon(): void {
    clearTimeout(this.timer);
    this.timer = setTimeout(() => this.refresh(), quiet);
  }

  private refresh(): void {
    if (!readSetting('findings.showAsComments')) {
      this.controller?.dispose();
      this.controller = undefined;
      this.threads.clear();
      return;
    }
    const controller = this.controller ??= comments.createCommentController('mechanist.findings', l10n.t('Findings'));
    this.notes.whenReady(() => {
      // Turned off meanwhile, or off and on.
      if (this.controller !== controller) return;
      for (const document of workspace.textDocuments) if (document.uri.scheme === 'file' && document.languageId !== 'markdown') this.project(controller, document);
    });
  }

  private project(controller: CommentController, document: TextDocument): void {
    const key = document.uri.toString();
    this.clear(key);
    const found = quotedLines(document.getText(), this.notes.index.findings(), (path, input) => Uri.joinPath(Uri.parse(path), '..', input).toString() === key).slice(0, mostThreads);
    this.threads.set(key, found.map(({ line, entry }) => {
      const body = new MarkdownString();
      body.isTrusted = { enabledCommands: [commandIds.openFinding] };
      body.appendText(entry.finding.claim);
      body.appendMarkdown(`\n\n[${l10n.t('Open finding')}](command:${commandIds.openFinding}?${encodeURIComponent(JSON.stringify([{ path: entry.path }]))})`);
      const thread = controller.createCommentThread(document.uri, new Range(line, 0, line, 0), [{ body, mode: CommentMode.Preview, author: { name: badgeOf(entry, l10n.t) } }]);
      thread.canReply = false;
      thread.label = entry.finding.title;
      thread.collapsibleState = CommentThreadCollapsibleState.Collapsed;
      return thread;
    }));
  }

  private clear(key: string): void {
    for (const thread of this.threads.get(key) ?? []) thread.dispose();
    this.threads.delete(key);
  }
}
