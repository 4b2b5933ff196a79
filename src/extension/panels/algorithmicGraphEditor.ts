/** Files of attribution graphs as an editor: the algorithmic view with the graph open. The engine reads the file, in pages where it is large. */
import { l10n, window } from 'vscode';
import type { CustomDocument, CustomReadonlyEditorProvider, Uri, WebviewPanel } from 'vscode';
import { Disposables } from '../disposables.ts';
import type { Disposable } from '../disposables.ts';
import { PanelHost } from './panelHost.ts';
import type { PanelHostParts } from './panelHost.ts';
import { graphEditor } from './panelKinds.ts';

type Parts = Omit<PanelHostParts, 'kind'>;

class GraphEditor implements CustomReadonlyEditorProvider {
  private readonly parts: Parts;
  private readonly open: Set<PanelHost>;

  constructor(parts: Parts, open: Set<PanelHost>) {
    this.parts = parts;
    this.open = open;
  }

  /** Nothing is read here: the page asks the engine for what it draws. */
  openCustomDocument(uri: Uri): CustomDocument {
    return { uri, dispose: () => undefined };
  }

  resolveCustomEditor({ uri }: CustomDocument, panel: WebviewPanel): void {
    if (uri.scheme !== 'file') throw new Error(l10n.t('Graphs are read from disk; this one is not on it. Save a copy, and open that.'));
    const host = new PanelHost({ ...this.parts, kind: 'algorithmic' });
    this.open.add(host);
    panel.onDidDispose(() => this.open.delete(host));
    host.adopt(panel, { part: 'graph', file: uri.fsPath });
  }
}

/** `open`: gets the editors that are open. */
export function registerGraphEditor(parts: Parts, open: Set<PanelHost>): Disposable {
  const owned = new Disposables();
  owned.add(window.registerCustomEditorProvider(graphEditor, new GraphEditor(parts, open), { supportsMultipleEditorsPerDocument: true }));
  return owned;
}
