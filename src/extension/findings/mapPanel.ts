/** The map of findings as a panel: a picture with a table of the same beside it. Its policy lets no script run; links are commands. */
import { ViewColumn, l10n, window } from 'vscode';
import type { WebviewPanel } from 'vscode';
import { findingMap } from '../../notes/findingMap.ts';
import { Disposables } from '../disposables.ts';
import type { Disposable } from '../disposables.ts';
import { commandIds } from '../commandIds.ts';
import type { FindingNotes } from './findingNotes.ts';
import { mapPage } from './mapPage.ts';

export class MapPanel implements Disposable {
  private readonly owned = new Disposables();
  private readonly notes: FindingNotes;
  private panel: WebviewPanel | undefined;

  constructor(notes: FindingNotes) {
    this.notes = notes;
    this.owned.add(notes.onChange(() => this.draw()));
  }

  async show(): Promise<void> {
    await this.notes.ready();
    if (this.panel === undefined) {
      this.panel = window.createWebviewPanel('mechanist.findings.map', l10n.t('Map of Findings'), ViewColumn.Active, {
        // A frame without scripts at all could not be examined by accessibility checks; the page's policy allows none of its own.
        enableScripts: true, enableCommandUris: [commandIds.openFinding, commandIds.openLink], localResourceRoots: [],
      });
      this.panel.onDidDispose(() => { this.panel = undefined; });
    } else this.panel.reveal();
    this.draw();
  }

  dispose(): void {
    this.panel?.dispose();
    this.owned.dispose();
  }

  private draw(): void {
    if (this.panel !== undefined) this.panel.webview.html = mapPage(findingMap(this.notes.index.findings()), l10n.t, commandIds);
  }
}
