/** The taxonomy of methods as a tree; each method says what it needs and whether that is at hand. */
import { EventEmitter, MarkdownString, ThemeIcon, TreeItem, TreeItemCollapsibleState, l10n } from 'vscode';
import type { TreeDataProvider } from 'vscode';
import { commandIds } from '../commandIds.ts';
import { Disposables } from '../disposables.ts';
import { methodCard, methods, missing, needName } from '../methods/catalogue.ts';
import type { AtHand } from '../methods/catalogue.ts';
import { methodGroups } from '../methods/groups.ts';
import type { Method, MethodGroup, Need } from '../methods/method.ts';
import type { OpenModels } from '../models/openModels.ts';

export type MethodNode = { readonly kind: 'group'; readonly group: MethodGroup } | { readonly kind: 'method'; readonly method: Method };

export class MethodsTree implements TreeDataProvider<MethodNode> {
  private readonly owned = new Disposables();
  private readonly changes = this.owned.add(new EventEmitter<void>());
  private readonly models: OpenModels;

  constructor(models: OpenModels) {
    this.models = models;
    this.owned.add(models.onChange(() => this.changes.fire()));
  }

  readonly onDidChangeTreeData = this.changes.event;

  getChildren(node?: MethodNode): MethodNode[] {
    if (node?.kind === 'method') return [];
    const id = node?.group.id;
    return [
      ...methods.filter(({ group }) => group === id).map((method): MethodNode => ({ kind: 'method', method })),
      ...methodGroups.filter(({ parent }) => parent === id).map((group): MethodNode => ({ kind: 'group', group })),
    ];
  }

  getTreeItem(node: MethodNode): TreeItem {
    return node.kind === 'group' ? groupItem(node.group) : this.methodItem(node.method);
  }

  resolveTreeItem(item: TreeItem, node: MethodNode): TreeItem {
    if (node.kind === 'method') item.tooltip = new MarkdownString(methodCard(node.method, l10n.t));
    return item;
  }

  dispose(): void {
    this.owned.dispose();
  }

  private methodItem(method: Method): TreeItem {
    const item = new TreeItem(l10n.t(method.name));
    item.id = method.id;
    item.iconPath = new ThemeIcon(method.run === undefined ? 'book' : 'beaker');
    item.description = readiness(method, missing(method, this.atHand()));
    item.contextValue = method.run === undefined ? 'method' : 'method.runnable';
    item.accessibilityInformation = { label: `${l10n.t(method.name)}: ${l10n.t(method.question)} ${item.description}` };
    item.command = { command: commandIds.showMethod, title: l10n.t('Show card'), arguments: [node(method)] };
    return item;
  }

  private atHand(): AtHand {
    const { active } = this.models;
    // A model is opened when it is needed; until one is, nothing is known to be lacking.
    return { model: true, dictionary: active === undefined || active.dictionary !== undefined, pair: false, labels: active?.model.source.kind === 'zoo', corpus: false };
  }
}

/** A dictionary has to be there; the rest is asked for. */
function readiness({ run, commandLine }: Method, lacking: readonly Need[]): string {
  if (commandLine !== undefined) return l10n.t('on the command line: mechanist {0}', commandLine);
  if (run === undefined) return l10n.t('described, not built in');
  if (lacking.includes('dictionary')) return l10n.t('needs {0}', needName('dictionary', l10n.t));
  return lacking.length === 0 ? l10n.t('ready') : l10n.t('asks for {0}', lacking.map((need) => needName(need, l10n.t)).join(', '));
}

function groupItem({ id, name, question, parent }: MethodGroup): TreeItem {
  const item = new TreeItem(l10n.t(name), parent === undefined ? TreeItemCollapsibleState.Expanded : TreeItemCollapsibleState.Collapsed);
  item.id = id;
  item.tooltip = l10n.t(question);
  // Without it a screen reader hears the tooltip instead of the name.
  item.accessibilityInformation = { label: `${l10n.t(name)}: ${l10n.t(question)}` };
  item.contextValue = 'group';
  return item;
}

const node = (method: Method): MethodNode => ({ kind: 'method', method });
