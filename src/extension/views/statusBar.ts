/** The one item in the status bar: which model, in what state, whether hovers answer, and what is painted. */
import { MarkdownString, StatusBarAlignment, ThemeColor, l10n, window } from 'vscode';
import type { StatusBarItem } from 'vscode';
import { commandIds } from '../commandIds.ts';
import { Disposables } from '../disposables.ts';
import type { Disposable } from '../disposables.ts';
import type { EnginePort } from '../process/enginePort.ts';
import type { OpenModels } from '../models/openModels.ts';
import type { Painter } from '../paint/painter.ts';
import { plainMarkdown } from '../plainMarkdown.ts';
import { onSettingChange, readSetting } from '../settings.ts';

const menuLinks = [commandIds.openModel, commandIds.toggleHover, commandIds.restartEngine, commandIds.showLog, commandIds.clearPaint];

export class StatusBar implements Disposable {
  private readonly owned = new Disposables();
  private readonly item: StatusBarItem;
  private readonly engine: EnginePort;
  private readonly models: OpenModels;
  private readonly painter: Painter;

  constructor(engine: EnginePort, models: OpenModels, painter: Painter) {
    this.engine = engine;
    this.models = models;
    this.painter = painter;
    this.item = this.owned.add(window.createStatusBarItem('mechanist.status', StatusBarAlignment.Left, 10));
    this.item.name = 'Mechanist';
    this.item.command = commandIds.showMenu;
    const update = (): void => this.update();
    this.owned.add(engine.onCondition(update));
    this.owned.add(models.onChange(update));
    this.owned.add(painter.onChange(update));
    this.owned.add(onSettingChange('hover.enabled', update));
    update();
    this.item.show();
  }

  dispose(): void {
    this.owned.dispose();
  }

  private update(): void {
    const { icon, state } = this.state();
    const model = this.models.active?.model.id;
    const legend = this.painter.legend;
    const parts = [model ?? 'Mechanist', legend, readSetting('hover.enabled') ? undefined : l10n.t('hovers off')];
    this.item.text = `$(${icon}) ${parts.filter((part) => part !== undefined).join(' · ')}`;
    this.item.backgroundColor = this.engine.condition.kind === 'failed' ? new ThemeColor('statusBarItem.errorBackground') : undefined;
    this.item.accessibilityInformation = { label: `Mechanist: ${model ?? l10n.t('no model')}, ${state}` };
    this.item.tooltip = this.tooltip(model, state);
  }

  private state(): { icon: string; state: string } {
    const { condition } = this.engine;
    switch (condition.kind) {
      case 'idle': return { icon: 'circuit-board', state: l10n.t('engine not started: it starts on first use') };
      case 'starting': return { icon: 'sync~spin', state: l10n.t('engine starting') };
      case 'ready': return condition.silent ? { icon: 'watch', state: l10n.t('engine has not answered for a while') } : condition.busy ? { icon: 'sync~spin', state: l10n.t('engine working') } : { icon: 'circuit-board', state: l10n.t('engine ready') };
      case 'failed': return { icon: 'error', state: l10n.t('engine stopped: {0}', condition.reason) };
    }
  }

  private tooltip(model: string | undefined, state: string): MarkdownString {
    const tip = new MarkdownString();
    tip.isTrusted = { enabledCommands: menuLinks };
    tip.appendText(`Mechanist · ${model ?? l10n.t('no model')}\n${state}`);
    const { explanation } = this.painter;
    if (explanation !== undefined) tip.appendMarkdown(`\n\n${plainMarkdown(explanation)}`);
    const hovers = readSetting('hover.enabled') ? l10n.t('Turn hovers off') : l10n.t('Turn hovers on');
    const links = [[l10n.t('Open model'), commandIds.openModel], [hovers, commandIds.toggleHover], [l10n.t('Restart engine'), commandIds.restartEngine], [l10n.t('Show log'), commandIds.showLog]];
    if (this.painter.legend !== undefined) links.push([l10n.t('Clear paint'), commandIds.clearPaint]);
    tip.appendMarkdown(`\n\n${links.map(([title, id]) => `[${title!}](command:${id!})`).join(' · ')}`);
    return tip;
  }
}
