/**
 * One panel in the editor area: its page, its conversation, its place over reloads. A page that is hidden is thrown away by
 * VS Code and made again; what it was about it keeps itself, what runs for it runs on in `PanelJobs`.
 */
import { ViewColumn, l10n, window, workspace } from 'vscode';
import type { Uri, WebviewPanel, WebviewPanelSerializer } from 'vscode';
import { failureText } from '../../protocol/failureText.ts';
import type { EditorSelection, PanelKind, ShowRequest, Subject } from '../../protocol/views/panel.ts';
import { Disposables } from '../disposables.ts';
import type { Disposable } from '../disposables.ts';
import { Follow } from '../editor/follow.ts';
import { onKindChange } from '../process/kindChange.ts';
import type { EnginePort } from '../process/enginePort.ts';
import type { OpenModels } from '../models/openModels.ts';
import { pageStrings } from '../views/pageStrings.ts';
import { assetsOf, webviewPage } from '../views/webviewPage.ts';
import { showHiddenTab } from './hiddenTab.ts';
import { editorSelection, panelContext } from './panelContext.ts';
import { panelHandlers } from './panelHandlers.ts';
import type { PanelActions, PanelFindings } from './panelHandlers.ts';
import type { PanelJobs } from './panelJobs.ts';
import { panels } from './panelKinds.ts';
import { PageConversation } from './pageConversation.ts';

const longestTitle = 40;

export interface PanelHostParts {
  readonly kind: PanelKind;
  readonly extensionUri: Uri;
  readonly engine: EnginePort;
  readonly models: OpenModels;
  readonly jobs: PanelJobs;
  readonly findings: PanelFindings;
  readonly actions: PanelActions;
  /** Whether this panel is in front, or what it is about, may have changed. */
  readonly onSubject: () => void;
  readonly report: (problem: string) => void;
}

export class PanelHost implements WebviewPanelSerializer, Disposable {
  private readonly parts: PanelHostParts;
  private panel: WebviewPanel | undefined;
  private shown: Disposables | undefined;
  private conversation: PageConversation | undefined;
  /** Waits for a page that is still being made. */
  private pending: ShowRequest | undefined;
  private listening = false;
  /** While a panel is being found or made, so that two commands in a row do not make two. */
  private opening: Promise<void> | undefined;
  /** Whether the tab has a name of its own. */
  private named = false;
  private selection: EditorSelection | undefined;
  private current: Subject | undefined;

  constructor(parts: PanelHostParts) {
    this.parts = parts;
  }

  /** The subject that the page is about, for palette commands. */
  get subject(): Subject | undefined {
    return this.current;
  }

  get active(): boolean {
    return this.panel?.active === true;
  }

  /** Shows the panel beside the text, and in it what is asked for. */
  show(request?: ShowRequest): void {
    if (this.panel === undefined) {
      this.pending = request;
      this.selection = editorSelection();
      this.opening ??= this.open().finally(() => {
        this.opening = undefined;
      });
      this.opening.catch((error: unknown) => this.parts.report(`opening a panel: ${failureText(error)}`));
      return;
    }
    const page = this.listening ? this.conversation : undefined;
    this.panel.reveal(undefined, false);
    if (request === undefined) return;
    if (page !== undefined && this.panel.visible) page.tell('show', request);
    else this.pending = request;
  }

  deserializeWebviewPanel(panel: WebviewPanel): Promise<void> {
    this.fill(panel);
    return Promise.resolve();
  }

  /** Fills an editor that VS Code has opened for a file; its tab keeps the file's name. */
  adopt(panel: WebviewPanel, request: ShowRequest): void {
    this.pending = request;
    this.named = true;
    this.fill(panel);
  }

  dispose(): void {
    this.panel?.dispose();
  }

  /** The panel of an earlier window where its tab is still there, otherwise a new one. */
  private async open(): Promise<void> {
    const { id } = panels[this.parts.kind];
    const viewColumn = besideText();
    if ((await showHiddenTab(id)) || this.panel !== undefined) return;
    this.fill(window.createWebviewPanel(id, this.title(), { viewColumn, preserveFocus: false }, { enableFindWidget: true }));
  }

  private fill(panel: WebviewPanel): void {
    const { kind, extensionUri, engine, models, jobs, findings, actions, report } = this.parts;
    const owned = new Disposables();
    this.panel = panel;
    this.shown = owned;
    const conversation = new PageConversation({
      kind, engine, report, t: l10n.t,
      mayWrite: () => workspace.isTrusted,
      send: (message) => void panel.webview.postMessage(message),
      handlers: panelHandlers(kind, this.parts, actions, () => this.start()),
      onPageEvent: (event, value) => {
        if (event === 'problem') report(`${kind} page: ${(value as { message: string }).message}`);
        else if (event === 'failure') void window.showErrorMessage((value as { message: string }).message);
        else this.about(value as { title?: string; subject?: Subject });
      },
    });
    this.conversation = conversation;
    const tellContext = (): void => conversation.tell('context', panelContext(engine, models));
    owned.add({ dispose: () => conversation.end() });
    owned.add(panel.webview.onDidReceiveMessage((message: unknown) => conversation.receive(message)));
    owned.add(models.onChange(tellContext));
    owned.add(models.onOpening(tellContext));
    owned.add(onKindChange(engine, tellContext));
    owned.add(workspace.onDidGrantWorkspaceTrust(tellContext));
    owned.add(jobs.onChange((job) => conversation.tell('job', job)));
    owned.add(findings.onChange(() => conversation.tell('findings', null)));
    owned.add(jobs.onGone((id) => conversation.tell('jobGone', { id })));
    owned.add(new Follow(() => this.follow()));
    owned.add(panel.onDidChangeViewState(() => {
      this.parts.onSubject();
      if (panel.visible) return;
      this.listening = false;
      conversation.end();
    }));
    panel.onDidDispose(() => this.forget(panel));
    const { view, element } = panels[kind];
    panel.webview.options = { enableScripts: true, localResourceRoots: [assetsOf(extensionUri)] };
    panel.webview.html = webviewPage({ webview: panel.webview, extensionUri, view, element, title: this.title(), strings: pageStrings(kind), drawsImages: true });
  }

  private start(): Awaited<ReturnType<Parameters<typeof panelHandlers>[3]>> {
    const { engine, models, jobs, report } = this.parts;
    const show = this.pending;
    this.pending = undefined;
    this.listening = true;
    models.need().catch((error: unknown) => report(`opening a model for a panel: ${failureText(error)}`));
    return { context: panelContext(engine, models), selection: this.selection, show, jobs: jobs.all };
  }

  /** The last selection stays while the panel itself has the focus. */
  private follow(): void {
    const selection = editorSelection();
    if (selection === undefined || same(selection, this.selection)) return;
    this.selection = selection;
    this.conversation?.tell('selection', selection);
  }

  private about({ title, subject }: { title?: string; subject?: Subject }): void {
    this.current = subject;
    this.parts.onSubject();
    if (this.panel !== undefined && !this.named) this.panel.title = title === undefined || title === '' ? this.title() : `${this.title()}: ${shortened(title)}`;
  }

  private title(): string {
    return this.parts.kind === 'semantic' ? l10n.t('Semantic View') : l10n.t('Algorithmic View');
  }

  private forget(panel: WebviewPanel): void {
    if (this.panel !== panel) return;
    this.shown?.dispose();
    this.panel = undefined;
    this.shown = undefined;
    this.conversation = undefined;
    this.listening = false;
    this.current = undefined;
    this.parts.onSubject();
  }
}

/** Beside the text where there is one; otherwise where the focus is. */
function besideText(): ViewColumn {
  return window.activeTextEditor === undefined ? ViewColumn.Active : ViewColumn.Beside;
}

function same(a: EditorSelection, b: EditorSelection | undefined): boolean {
  return b !== undefined && a.document === b.document && a.start === b.start && a.end === b.end && a.text === b.text;
}

/** A tab has room for few words. */
function shortened(title: string): string {
  const letters = [...title];
  return letters.length <= longestTitle ? title : `${letters.slice(0, longestTitle - 1).join('').trimEnd()}…`;
}
