/** The inspector's side in the host: follows the cursor, sends snapshots, answers what the page asks for. */
import { Selection, commands, l10n } from 'vscode';
import type { CancellationToken, Uri, WebviewView, WebviewViewProvider, WebviewViewResolveContext } from 'vscode';
import * as v from 'valibot';
import { failureText } from '../../protocol/failureText.ts';
import { PeerError } from '../../protocol/peer.ts';
import { fromInspectorSchema } from '../../protocol/views/inspector.ts';
import type { FromInspector, InspectorState, ToInspector } from '../../protocol/views/inspector.ts';
import type { Subject } from '../../protocol/views/panel.ts';
import { formatLink } from '../../notes/subjects.ts';
import { commandIds } from '../commandIds.ts';
import { Disposables } from '../disposables.ts';
import type { Disposable } from '../disposables.ts';
import { followedEditor, inspectedDocument, rangeOf } from '../editor/documents.ts';
import { Follow } from '../editor/follow.ts';
import type { EnginePort } from '../process/enginePort.ts';
import { onKindChange } from '../process/kindChange.ts';
import { tokenAt } from '../inspection/inspectionCache.ts';
import type { FeatureNames } from '../inspection/featureNames.ts';
import type { Inspected, Inspector } from '../inspection/inspector.ts';
import type { OpenModels } from '../models/openModels.ts';
import { pageStrings } from './pageStrings.ts';
import { assetsOf, webviewPage } from './webviewPage.ts';

export interface InspectorViewParts {
  readonly extensionUri: Uri;
  readonly engine: EnginePort;
  readonly models: OpenModels;
  readonly inspector: Inspector;
  readonly names: FeatureNames;
  readonly paintFeature: (dictionary: string, feature: number) => Promise<void>;
  readonly report: (problem: string) => void;
}

interface Snapshot {
  readonly generation: number;
  readonly document: string;
  readonly sent: string;
  readonly inspected: Inspected;
}

export class InspectorViewProvider implements WebviewViewProvider, Disposable {
  private readonly parts: InspectorViewParts;
  private readonly owned = new Disposables();
  private view: WebviewView | undefined;
  private snapshot: Snapshot | undefined;
  private generation = 0;
  private shows: InspectorState['kind'] | undefined;
  private lens: AbortController | undefined;

  constructor(parts: InspectorViewParts) {
    this.parts = parts;
    this.owned.add({ dispose: () => this.lens?.abort() });
  }

  resolveWebviewView(view: WebviewView, _context: WebviewViewResolveContext, _cancel: CancellationToken): void {
    this.view = view;
    const shown = new Disposables();
    view.webview.options = { enableScripts: true, localResourceRoots: [assetsOf(this.parts.extensionUri)] };
    shown.add(view.webview.onDidReceiveMessage((message: unknown) => this.receive(message)));
    shown.add(view.onDidChangeVisibility(() => void this.update()));
    shown.add(new Follow(() => void this.update()));
    shown.add(this.parts.models.onChange(() => void this.update()));
    shown.add(this.parts.names.onChange(() => void this.update()));
    shown.add(onKindChange(this.parts.engine, (condition) => {
      if (condition.kind === 'failed') this.sendState({ kind: 'failed', message: condition.reason, remedy: 'restart' });
      else if (condition.kind === 'ready' && this.shows === 'failed') void this.update();
    }));
    view.onDidDispose(() => {
      shown.dispose();
      this.view = undefined;
    });
    view.webview.html = webviewPage({
      webview: view.webview, extensionUri: this.parts.extensionUri, view: 'inspector', title: l10n.t('Inspector'), element: 'mechanist-inspector', strings: pageStrings('inspector'),
    });
  }

  dispose(): void {
    this.owned.dispose();
  }

  /** Sends what is under the cursor now. An update that a later one overtakes says nothing. */
  private async update(): Promise<void> {
    if (this.view?.visible !== true) return;
    const generation = ++this.generation;
    const show = (state: InspectorState): void => {
      if (generation === this.generation) this.sendState(state);
    };
    const place = Follow.place();
    if (place === undefined) {
      // Without an editor the last snapshot stays: the user has clicked into a panel.
      if (this.snapshot === undefined) show({ kind: 'empty' });
      return;
    }
    const document = inspectedDocument(place.document);
    if (document.length === 0) {
      show({ kind: 'empty' });
      return;
    }
    const offset = Math.min(place.start, document.length - 1);
    const known = this.parts.inspector.cached(document, offset);
    if (known === undefined) show({ kind: 'waiting', message: this.waitingFor() });
    try {
      const inspected = known ?? (await this.parts.inspector.inspect(document, offset));
      if (generation !== this.generation) return;
      const { window } = inspected;
      this.snapshot = { generation, document: document.id, sent: document.slice(window.start, window.end), inspected };
      show(shownState(generation, inspected, offset, this.parts.names));
      void this.parts.names.want(inspected.active).catch((error: unknown) => this.parts.report(`labels: ${failureText(error)}`));
      void this.parts.inspector.computeAhead(document, offset).catch((error: unknown) => this.failAhead(error));
    } catch (error) {
      if (!PeerError.is(error, 'cancelled')) show({ kind: 'failed', message: failureText(error), remedy: PeerError.is(error, 'disconnected') ? 'restart' : 'openModel' });
    }
  }

  private waitingFor(): string {
    const { engine, models } = this.parts;
    if (engine.condition.kind !== 'ready') return l10n.t('Starting the engine…');
    return models.active === undefined ? l10n.t('Opening the model…') : l10n.t('Reading the text…');
  }

  private receive(raw: unknown): void {
    const parsed = v.safeParse(fromInspectorSchema, raw);
    if (!parsed.success) {
      this.parts.report(`inspector: ${v.summarize(parsed.issues)}`);
      return;
    }
    this.answer(parsed.output).catch((error: unknown) => this.parts.report(`inspector: ${failureText(error)}`));
  }

  private async answer(message: FromInspector): Promise<void> {
    switch (message.type) {
      case 'ready': return this.update();
      case 'select': return this.readLens(message.generation, message.token);
      case 'goTo': this.goTo(message.generation, message.token); return;
      case 'useDictionary': {
        const { active } = this.parts.models;
        if (active?.model.dictionaries.some(({ dictionary }) => dictionary === message.dictionary)) this.parts.models.useDictionary(active.model.model, message.dictionary);
        return;
      }
      case 'paint': {
        const dictionary = this.parts.models.active?.dictionary;
        if (dictionary !== undefined) await this.parts.paintFeature(dictionary.dictionary, message.feature);
        return;
      }
      case 'pin': return this.pin(message.generation, message.token, message.feature);
      case 'restart': await this.parts.engine.restart(); return this.update();
      case 'openModel': await commands.executeCommand(commandIds.openModel); return;
      case 'problem': this.parts.report(`inspector page: ${message.message}`); return;
    }
  }

  /** Measured on the line of the token, as the model read it. */
  private async pin(generation: number, token: number, feature: number): Promise<void> {
    const { snapshot } = this;
    const found = snapshot?.inspected.inspection.tokens[token];
    if (snapshot === undefined || snapshot.generation !== generation || found === undefined) return;
    const { model, dictionary } = snapshot.inspected.active;
    if (dictionary === undefined) return;
    const { sent } = snapshot;
    const end = sent.indexOf('\n', found.start);
    const text = sent.slice(sent.lastIndexOf('\n', found.start) + 1, end < 0 ? sent.length : end).trim().slice(0, 4000);
    const label = this.parts.names.nameOf(dictionary.hash, feature);
    const subject: Subject = { kind: 'feature', subject: formatLink({ kind: 'feature', model: model.id, dictionary: dictionary.id, index: feature }), dictionary: dictionary.dictionary, feature, ...(label === undefined ? {} : { label }) };
    await commands.executeCommand(commandIds.pinSubject, { ...subject, ...(text === '' ? {} : { text }) });
  }

  private async readLens(generation: number, token: number): Promise<void> {
    const { snapshot } = this;
    if (snapshot === undefined || snapshot.generation !== generation || token >= snapshot.inspected.inspection.tokens.length) return;
    this.lens?.abort();
    const wish = new AbortController();
    this.lens = wish;
    try {
      const params = { model: snapshot.inspected.active.model.model, text: snapshot.sent, token, topPredictions: 1 };
      const reading = await this.parts.engine.call('text.lens', params, { signal: wish.signal });
      this.send({ type: 'lens', generation, token, reading });
    } catch (error) {
      if (!PeerError.is(error, 'cancelled')) this.send({ type: 'lensFailed', generation, token, message: failureText(error) });
    }
  }

  private goTo(generation: number, token: number): void {
    const { snapshot } = this;
    const editor = followedEditor();
    const found = snapshot?.inspected.inspection.tokens[token];
    if (editor === undefined || snapshot === undefined || found === undefined) return;
    if (snapshot.generation !== generation || editor.document.uri.toString() !== snapshot.document) return;
    const { start } = snapshot.inspected.window;
    const range = rangeOf(editor.document, start + found.start, start + found.end);
    editor.selection = new Selection(range.start, range.end);
    editor.revealRange(range);
  }

  private failAhead(error: unknown): void {
    if (!PeerError.is(error, 'cancelled')) this.parts.report(`computing ahead: ${failureText(error)}`);
  }

  private sendState(state: InspectorState): void {
    this.shows = state.kind;
    this.send({ type: 'state', state });
  }

  private send(message: ToInspector): void {
    void this.view?.webview.postMessage(message);
  }
}

function shownState(generation: number, inspected: Inspected, offset: number, labels: FeatureNames): InspectorState {
  const { active: { model, dictionary }, inspection } = inspected;
  const selected = tokenAt(inspected, offset)?.index ?? Math.max(0, inspection.tokens.length - 1);
  const names = Object.fromEntries(inspection.tokens.flatMap(({ features }) => features).flatMap(({ feature }) => {
    const name = dictionary && labels.nameOf(dictionary.hash, feature);
    return name === undefined ? [] : [[feature, name] as const];
  }));
  return { kind: 'shown', names, generation, model: model.id, dictionaries: model.dictionaries, dictionary: dictionary?.dictionary, tokens: inspection.tokens, selected };
}
