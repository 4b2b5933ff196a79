/** Findings in the editor: makes the parts and registers them. Reads no file before somebody looks at a finding. */
import { DocumentDropEdit, commands, l10n, languages, window } from 'vscode';
import { viewIds } from '../commandIds.ts';
import { Disposables } from '../disposables.ts';
import type { Disposable } from '../disposables.ts';
import type { Inspector } from '../inspection/inspector.ts';
import type { OpenModels } from '../models/openModels.ts';
import type { EnginePort } from '../process/enginePort.ts';
import type { PanelKind, Pin } from '../../protocol/views/panel.ts';
import { FindingComments } from './comments.ts';
import { Comparisons, registerComparisons } from './comparison.ts';
import { registerFindingDecorations } from './decorations.ts';
import { NoteDiagnostics, registerFindingLenses } from './diagnostics.ts';
import { FindingNotes } from './findingNotes.ts';
import { dragType, FindingsTree } from './findingsTree.ts';
import { registerLinkFeatures } from './linkFeatures.ts';
import { LinkHover } from './linkHover.ts';
import { MapPanel } from './mapPanel.ts';
import type { MapPage } from './mapPanel.ts';
import { pin } from './pin.ts';
import { pinOf } from './pinSources.ts';
import { extendMarkdown } from './preview.ts';
import { registerTools } from './tools.ts';
import { Verifier } from './verification.ts';
import { viewState } from './viewState.ts';

export interface FindingsParts {
  readonly mapPage: MapPage;
  readonly engine: EnginePort;
  readonly models: OpenModels;
  readonly inspector: Inspector;
  readonly report: (problem: string) => void;
}

export class Findings implements Disposable {
  readonly engine: EnginePort;
  readonly inspector: Inspector;
  readonly notes: FindingNotes;
  readonly verifier: Verifier;
  readonly tree: FindingsTree;
  readonly map: MapPanel;
  readonly comparisons: Comparisons;
  /** What the extension gives to the built-in Markdown preview. */
  readonly extendMarkdownIt: ReturnType<typeof extendMarkdown>;
  private readonly models: OpenModels;
  private readonly owned = new Disposables();

  constructor({ mapPage, engine, models, inspector, report }: FindingsParts) {
    this.engine = engine;
    this.inspector = inspector;
    this.models = models;
    this.notes = this.owned.add(new FindingNotes(report));
    this.verifier = new Verifier(engine, this.notes);
    this.tree = this.owned.add(new FindingsTree(this.notes));
    this.map = this.owned.add(new MapPanel(mapPage, this.notes, report));
    this.comparisons = new Comparisons(this.notes, this.verifier);
    this.extendMarkdownIt = extendMarkdown(this.notes, () => void commands.executeCommand('markdown.preview.refresh'), l10n.t);
    const view = this.owned.add(window.createTreeView(viewIds.findings, { treeDataProvider: this.tree, dragAndDropController: this.tree, showCollapseAll: true }));
    // Fired for changes of the notes as well as of what is searched for.
    this.owned.add(this.tree.onDidChangeTreeData(() => {
      const { badge, description, message } = viewState(this.notes.index.findings(), this.tree.words, l10n.t);
      view.badge = badge;
      view.description = description;
      view.message = message;
    }));
    this.owned.add(new NoteDiagnostics(this.notes, models));
    this.owned.add(registerFindingLenses(this.notes));
    this.owned.add(registerLinkFeatures(this.notes, models, new LinkHover(this.notes, models, engine, report)));
    this.owned.add(registerComparisons(this.comparisons));
    this.owned.add(registerFindingDecorations(this.notes));
    this.owned.add(registerTools({ engine, models, notes: this.notes, verifier: this.verifier }));
    this.owned.add(new FindingComments(this.notes));
    this.owned.add(languages.registerDocumentDropEditProvider({ language: 'markdown' }, {
      async provideDocumentDropEdits(_document, _position, data) {
        const links = await data.get(dragType)?.asString();
        return links === undefined || links === '' ? undefined : new DocumentDropEdit(links);
      },
    }));
  }

  /** Asks where what a panel pinned belongs. Whether it was pinned. */
  async pin(kind: PanelKind, pinned: Pin): Promise<boolean> {
    const { draft, figure } = await pinOf(this.engine, this.models, kind, pinned);
    return pin(this.notes, draft, { figure });
  }

  dispose(): void {
    this.owned.dispose();
  }
}
