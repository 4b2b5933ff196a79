/** Models: those that come with the extension and those that are open, with their dictionaries and the probes that were trained on them. */
import { EventEmitter, MarkdownString, ThemeIcon, TreeItem, TreeItemCollapsibleState, l10n } from 'vscode';
import type { TreeDataProvider } from 'vscode';
import { failureText } from '../../protocol/failureText.ts';
import type { DictionarySummary, ModelSource, ModelSummary, ZooEntry } from '../../protocol/methods.ts';
import { PeerError } from '../../protocol/peer.ts';
import type { ProbeEntry, ProbeSummary } from '../../protocol/methods/probes.ts';
import { commandIds } from '../commandIds.ts';
import { Disposables } from '../disposables.ts';
import type { EnginePort } from '../process/enginePort.ts';
import { onKindChange } from '../process/kindChange.ts';
import { bytesText, countText, dictionaryName } from '../inspection/words.ts';
import type { OpenModels } from '../models/openModels.ts';
import { brokenProbeItem, otherProbesItem, probeItem } from '../probes/probeItems.ts';
import type { Probes } from '../probes/probes.ts';

export type ModelNode =
  | { readonly kind: 'open'; readonly model: ModelSummary; readonly empty: boolean }
  | { readonly kind: 'bundled'; readonly entry: ZooEntry }
  | { readonly kind: 'dictionary'; readonly model: ModelSummary; readonly dictionary: DictionarySummary }
  | { readonly kind: 'probe'; readonly probe: ProbeSummary; readonly usable: boolean }
  | { readonly kind: 'brokenProbe'; readonly file: string; readonly problem: string }
  /** Probes of models that are not open, and files that cannot be read. */
  | { readonly kind: 'otherProbes'; readonly entries: readonly ProbeEntry[] };

export interface ModelsTreeParts {
  readonly engine: EnginePort;
  readonly models: OpenModels;
  readonly probes: Probes;
  readonly report: (problem: string) => void;
}

export class ModelsTree implements TreeDataProvider<ModelNode> {
  private readonly owned = new Disposables();
  private readonly changes = this.owned.add(new EventEmitter<void>());
  private readonly engine: EnginePort;
  private readonly models: OpenModels;
  private readonly parts: ModelsTreeParts;

  constructor(parts: ModelsTreeParts) {
    const { engine, models, probes } = parts;
    this.parts = parts;
    this.engine = engine;
    this.models = models;
    for (const source of [models, probes]) this.owned.add(source.onChange(() => this.changes.fire()));
    this.owned.add(onKindChange(engine, ({ kind }) => {
      if (kind !== 'starting') this.changes.fire();
    }));
  }

  readonly onDidChangeTreeData = this.changes.event;

  async getChildren(node?: ModelNode): Promise<ModelNode[]> {
    if (node === undefined) return this.roots();
    if (node.kind === 'otherProbes') return node.entries.map((entry): ModelNode => ('probe' in entry ? { kind: 'probe', probe: entry.probe, usable: false } : { kind: 'brokenProbe', ...entry }));
    if (node.kind !== 'open') return [];
    const probes = (await this.probes()).flatMap((entry) => ('probe' in entry && isOf(entry, node.model) ? [entry.probe] : []));
    return [
      ...node.model.dictionaries.map((dictionary): ModelNode => ({ kind: 'dictionary', model: node.model, dictionary })),
      ...probes.map((probe): ModelNode => ({ kind: 'probe', probe, usable: true })),
    ];
  }

  getTreeItem(node: ModelNode): TreeItem {
    switch (node.kind) {
      case 'open': return this.openItem(node.model, node.empty);
      case 'bundled': return bundledItem(node.entry);
      case 'dictionary': return this.dictionaryItem(node.model, node.dictionary);
      case 'probe': return probeItem(node.probe, node.usable);
      case 'brokenProbe': return brokenProbeItem(node.file, node.problem);
      case 'otherProbes': return otherProbesItem(node.entries.length);
    }
  }

  dispose(): void {
    this.owned.dispose();
  }

  /** The one in use first, then the other open ones. After a crash the list is empty, and the welcome view says so. */
  private async roots(): Promise<ModelNode[]> {
    if (this.engine.condition.kind === 'failed') return [];
    const bundled = await this.bundled();
    const active = this.models.active?.model.model;
    const open = this.models.all.toSorted((a, b) => Number(b.model === active) - Number(a.model === active));
    const probes = await this.probes();
    const others = probes.filter((entry) => !open.some((model) => isOf(entry, model)));
    const isOpen = ({ id }: ZooEntry): boolean => open.some(({ source }) => source.kind === 'zoo' && source.id === id);
    return [
      ...open.map((model): ModelNode => ({ kind: 'open', model, empty: model.dictionaries.length === 0 && !probes.some((entry) => isOf(entry, model)) })),
      ...bundled.filter((entry) => !isOpen(entry)).map((entry): ModelNode => ({ kind: 'bundled', entry })),
      ...(others.length === 0 ? [] : [{ kind: 'otherProbes', entries: others } satisfies ModelNode]),
    ];
  }

  /** Nothing while the engine is going: its next condition asks again, and its end is told elsewhere. */
  private async bundled(): Promise<readonly ZooEntry[]> {
    try {
      return await this.engine.call('zoo.list', {});
    } catch (error) {
      if (PeerError.is(error, 'disconnected')) return [];
      throw error;
    }
  }

  /** A folder that cannot be read takes nothing else away. */
  private async probes(): Promise<readonly ProbeEntry[]> {
    try {
      return await this.parts.probes.all();
    } catch (error) {
      if (!PeerError.is(error, 'disconnected')) this.parts.report(`probes: ${failureText(error)}`);
      return [];
    }
  }

  private openItem(model: ModelSummary, empty: boolean): TreeItem {
    const isActive = this.models.active?.model.model === model.model;
    const item = new TreeItem(model.id, empty ? TreeItemCollapsibleState.None : TreeItemCollapsibleState.Expanded);
    item.id = `open:${model.model}`;
    item.iconPath = new ThemeIcon(isActive ? 'pass-filled' : 'circle-filled');
    item.description = [isActive ? l10n.t('active') : l10n.t('open'), model.family, countText(model.parameters), bytesText(model.memory)].join(' · ');
    item.contextValue = isActive ? 'model.open.active' : 'model.open';
    item.tooltip = modelTooltip(model);
    return item;
  }

  private dictionaryItem(model: ModelSummary, dictionary: DictionarySummary): TreeItem {
    const { active } = this.models;
    const isUsed = active?.model.model === model.model && active.dictionary?.dictionary === dictionary.dictionary;
    const item = new TreeItem(dictionaryName(dictionary));
    item.id = `dictionary:${model.model}:${dictionary.dictionary}`;
    item.iconPath = new ThemeIcon(isUsed ? 'pass-filled' : 'book');
    item.description = `${dictionary.kind.toUpperCase()} · ${dictionary.architecture} · ${l10n.t('{0} features', dictionary.latents)}`;
    item.contextValue = isUsed ? 'dictionary.used' : 'dictionary';
    item.command = { command: commandIds.useDictionary, title: l10n.t('Use dictionary'), arguments: [{ kind: 'dictionary', model, dictionary }] };
    return item;
  }
}

function isOf(entry: ProbeEntry, { hash }: ModelSummary): boolean {
  return 'probe' in entry && entry.probe.model.hash === hash;
}

function bundledItem({ id, parameters }: ZooEntry): TreeItem {
  const item = new TreeItem(id);
  item.id = `bundled:${id}`;
  item.iconPath = new ThemeIcon('circle-outline');
  item.description = `${l10n.t('bundled')} · ${countText(parameters)}`;
  item.contextValue = 'model.bundled';
  return item;
}

function modelTooltip(model: ModelSummary): MarkdownString {
  const facts: [string, string | undefined][] = [
    [l10n.t('family'), model.family],
    [l10n.t('layers'), model.layers?.toString()],
    [l10n.t('width'), model.width?.toString()],
    [l10n.t('parameters'), model.parameters.toLocaleString('en')],
    [l10n.t('memory'), bytesText(model.memory)],
    [l10n.t('hook points'), String(model.hookPoints.length)],
    [l10n.t('source'), sourceText(model.source)],
    [l10n.t('hash'), model.hash.slice(0, 16)],
  ];
  const tip = new MarkdownString();
  tip.appendText(facts.flatMap(([name, value]) => (value === undefined ? [] : [`${name}: ${value}`])).join('\n'));
  return tip;
}

function sourceText(source: ModelSource): string {
  if (source.kind === 'zoo') return l10n.t('bundled');
  return source.kind === 'hub' ? l10n.t('hub: {0}', source.id) : source.path;
}
