/** The findings of the workspace as a tree, grouped and narrowed as the user wants; a row can be dragged into a note. */
import { DataTransferItem, EventEmitter, MarkdownString, ThemeColor, ThemeIcon, TreeItem, TreeItemCollapsibleState, Uri, l10n } from 'vscode';
import type { DataTransfer, TreeDataProvider, TreeDragAndDropController } from 'vscode';
import { gradeNames } from '../../notes/grade/rules.ts';
import { matches } from '../../notes/noteIndex.ts';
import type { FindingEntry, FindingFilter } from '../../notes/noteIndex.ts';
import { formatLink } from '../../notes/subjects.ts';
import { commandIds } from '../commandIds.ts';
import { Disposables } from '../disposables.ts';
import type { Disposable } from '../disposables.ts';
import { groupsOf } from './grouping.ts';
import type { Grouping } from './grouping.ts';
import type { FindingNotes } from './findingNotes.ts';
import { badgeOf, stateName, statusName } from './words.ts';

export const dragType = 'application/vnd.code.tree.mechanist.findings';

export type FindingNode = { readonly kind: 'group'; readonly name: string; readonly entries: readonly FindingEntry[] } | { readonly kind: 'finding'; readonly entry: FindingEntry };

export class FindingsTree implements TreeDataProvider<FindingNode>, TreeDragAndDropController<FindingNode>, Disposable {
  private readonly owned = new Disposables();
  private readonly changes = this.owned.add(new EventEmitter<void>());
  private readonly notes: FindingNotes;
  readonly dragMimeTypes = [dragType, 'text/plain'];
  readonly dropMimeTypes: string[] = [];
  readonly onDidChangeTreeData = this.changes.event;
  private grouping: Grouping = 'kind';
  private filter: FindingFilter = {};

  constructor(notes: FindingNotes) {
    this.notes = notes;
    this.owned.add(notes.onChange(() => this.changes.fire()));
  }

  show(change: { readonly grouping?: Grouping; readonly filter?: FindingFilter }): void {
    if (change.grouping !== undefined) this.grouping = change.grouping;
    if (change.filter !== undefined) this.filter = change.filter;
    this.changes.fire();
  }

  get words(): string | undefined {
    return this.filter.words;
  }

  async getChildren(node?: FindingNode): Promise<FindingNode[]> {
    if (node?.kind === 'group') return node.entries.map((entry) => ({ kind: 'finding', entry }));
    if (node !== undefined) return [];
    await this.notes.ready();
    const found = this.notes.index.findings().filter((entry) => matches(entry, this.filter));
    return groupsOf(found, this.grouping, l10n.t).map(({ name, entries }) => ({ kind: 'group', name, entries }));
  }

  getTreeItem(node: FindingNode): TreeItem {
    if (node.kind === 'group') {
      const item = new TreeItem(node.name, TreeItemCollapsibleState.Expanded);
      item.description = String(node.entries.length);
      item.contextValue = 'findingGroup';
      return item;
    }
    const { finding, grade, state, path } = node.entry;
    const item = new TreeItem(finding.title, TreeItemCollapsibleState.None);
    item.id = path;
    item.resourceUri = Uri.parse(path);
    item.description = badgeOf(node.entry, l10n.t);
    item.iconPath = state === 'contradicted' ? new ThemeIcon('error', new ThemeColor('list.errorForeground')) : state === 'drifted' || state === 'not-runnable' ? new ThemeIcon('warning', new ThemeColor('list.warningForeground')) : new ThemeIcon(icons[grade]);
    item.contextValue = 'finding';
    item.command = { command: commandIds.openFinding, title: l10n.t('Open finding'), arguments: [{ path }] };
    item.accessibilityInformation = { label: `${finding.title}, ${l10n.t(gradeNames[grade])}, ${state === undefined ? statusName(finding.status, l10n.t) : stateName(state, l10n.t)}` };
    const tooltip = new MarkdownString();
    tooltip.appendText(finding.claim);
    item.tooltip = tooltip;
    return item;
  }

  handleDrag(source: readonly FindingNode[], data: DataTransfer): void {
    const links = source.flatMap((node) => (node.kind === 'finding' ? [linkText(node.entry)] : [])).join('\n');
    for (const type of this.dragMimeTypes) data.set(type, new DataTransferItem(links));
  }

  dispose(): void {
    this.owned.dispose();
  }
}

/** A Markdown link to a finding. */
function linkText({ finding }: FindingEntry): string {
  return `[${finding.title.replaceAll(/[[\]\\]/g, '\\$&').replaceAll(/\s+/g, ' ')}](${formatLink({ kind: 'finding', id: finding.id })})`;
}

const icons = { none: 'circle-outline', observed: 'eye', decodable: 'search', selective: 'target', causal: 'zap', established: 'verified' } as const;
