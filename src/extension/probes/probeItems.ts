/** Rows of probes in the tree of models. */
import { MarkdownString, ThemeColor, ThemeIcon, TreeItem, TreeItemCollapsibleState, l10n } from 'vscode';
import { basename } from 'node:path';
import type { ProbeSummary } from '../../protocol/methods/probes.ts';
import { commandIds } from '../commandIds.ts';
import { plainMarkdown } from '../plainMarkdown.ts';
import { probeFacts } from './pickProbe.ts';
import { scoreText } from './words.ts';

/** `usable`: the model it was trained on is open. */
export function probeItem(probe: ProbeSummary, usable: boolean): TreeItem {
  const item = new TreeItem(probe.name);
  item.id = `probe:${probe.file}`;
  item.iconPath = usable ? new ThemeIcon('pulse') : new ThemeIcon('circle-slash');
  item.description = [scoreText(probe, l10n.t), usable ? l10n.t('probe') : l10n.t('of {0}', probe.model.id)].join(' · ');
  item.contextValue = usable ? 'probe' : 'probe.other';
  item.tooltip = lines(probeFacts(probe));
  if (usable) item.command = { command: commandIds.paintProbe, title: l10n.t('Paint by this probe'), arguments: [{ kind: 'probe', probe, usable }] };
  return item;
}

export function brokenProbeItem(file: string, problem: string): TreeItem {
  const item = new TreeItem(basename(file));
  item.id = `brokenProbe:${file}`;
  item.iconPath = new ThemeIcon('warning', new ThemeColor('list.warningForeground'));
  item.description = problem;
  item.contextValue = 'probe.broken';
  item.tooltip = lines([problem]);
  return item;
}

export function otherProbesItem(count: number): TreeItem {
  const item = new TreeItem(l10n.t('Other probes'), TreeItemCollapsibleState.Collapsed);
  item.id = 'otherProbes';
  item.description = String(count);
  item.tooltip = l10n.t('Probes of models that are not open, and files that cannot be read');
  item.contextValue = 'otherProbes';
  return item;
}

const lines = (facts: readonly string[]): MarkdownString => new MarkdownString(plainMarkdown(facts.join('\n')));
