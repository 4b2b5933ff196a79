/** The map of findings as a panel: the host makes the map of the notes, the page draws it. */
import { ViewColumn, commands, l10n, window } from 'vscode';
import type { Uri, Webview, WebviewPanel } from 'vscode';
import * as v from 'valibot';
import { findingMap } from '../../notes/findingMap.ts';
import { fromMapSchema } from '../../protocol/views/findingsMap.ts';
import type { FromMap, ToMap } from '../../protocol/views/findingsMap.ts';
import { Disposables } from '../disposables.ts';
import type { Disposable } from '../disposables.ts';
import { commandIds } from '../commandIds.ts';
import { failureText } from '../../protocol/failureText.ts';
import type { FindingNotes } from './findingNotes.ts';
import { shownMap } from './shownMap.ts';

/** The page, which the folder of views makes. */
export interface MapPage {
  readonly roots: readonly Uri[];
  readonly html: (webview: Webview, title: string) => string;
}

export class MapPanel implements Disposable {
  private readonly owned = new Disposables();
  private readonly page: MapPage;
  private readonly notes: FindingNotes;
  private readonly report: (problem: string) => void;
  private panel: WebviewPanel | undefined;

  constructor(page: MapPage, notes: FindingNotes, report: (problem: string) => void) {
    this.page = page;
    this.notes = notes;
    this.report = report;
    this.owned.add(notes.onChange(() => this.draw()));
  }

  async show(): Promise<void> {
    await this.notes.ready();
    if (this.panel !== undefined) {
      this.panel.reveal();
      return;
    }
    const title = l10n.t('Map of Findings');
    const panel = window.createWebviewPanel('mechanist.findings.map', title, ViewColumn.Active, { enableScripts: true, localResourceRoots: this.page.roots });
    this.panel = panel;
    panel.onDidDispose(() => { this.panel = undefined; });
    panel.webview.onDidReceiveMessage((message: unknown) => this.receive(message));
    panel.webview.html = this.page.html(panel.webview, title);
  }

  dispose(): void {
    this.panel?.dispose();
    this.owned.dispose();
  }

  private receive(raw: unknown): void {
    const parsed = v.safeParse(fromMapSchema, raw);
    if (parsed.success) this.answer(parsed.output).catch((error: unknown) => void window.showErrorMessage(failureText(error)));
    else this.report(`map of findings: ${v.summarize(parsed.issues)}`);
  }

  private async answer(message: FromMap): Promise<void> {
    switch (message.type) {
      case 'ready': this.draw(); return;
      case 'openFinding': await commands.executeCommand(commandIds.openFinding, { path: message.path }); return;
      case 'openSubject': await commands.executeCommand(commandIds.openLink, message.uri); return;
      case 'problem': this.report(`map of findings: ${message.message}`); return;
    }
  }

  private draw(): void {
    const message: ToMap = { type: 'map', map: shownMap(findingMap(this.notes.index.findings()), l10n.t) };
    void this.panel?.webview.postMessage(message);
  }
}
