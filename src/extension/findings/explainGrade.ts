/** Why a finding has its grade, what would raise it, and the checks that would: choosing one runs it. */
import { QuickPickItemKind, commands, l10n, window } from 'vscode';
import type { QuickPickItem } from 'vscode';
import { raisingChecks } from '../../notes/grade/checks.ts';
import type { MissingCheck } from '../../notes/grade/checks.ts';
import { assess } from '../../notes/grade/grade.ts';
import { gradeNames } from '../../notes/grade/rules.ts';
import { commandIds } from '../commandIds.ts';
import type { FindingNotes } from './findingNotes.ts';

interface GradeItem extends QuickPickItem {
  readonly check?: MissingCheck;
}

export async function explainGrade(notes: FindingNotes, path: string): Promise<void> {
  const entry = notes.index.at(path);
  if (entry === undefined) return;
  const { grade, reasons, raise, cautions } = assess(entry.finding, l10n.t);
  const checks = raisingChecks(entry.finding);
  const heading = (label: string, items: readonly GradeItem[]): GradeItem[] => (items.length === 0 ? [] : [{ label, kind: QuickPickItemKind.Separator }, ...items]);
  const chosen = await window.showQuickPick<GradeItem>([
    ...heading(l10n.t('Why'), reasons.map((label) => ({ label: `$(check) ${label}` }))),
    ...heading(l10n.t('What would raise it'), [...raise.map((label) => ({ label: `$(arrow-up) ${label}` })), ...checks.map((check) => ({ label: `$(play) ${l10n.t('Run the missing check: {0}', check.method)}`, check }))]),
    ...heading(l10n.t('To keep in mind'), cautions.map((label) => ({ label: `$(info) ${label}` }))),
  ], { title: l10n.t('Evidence: {0}', l10n.t(gradeNames[grade])), placeHolder: l10n.t('Why, and what would raise it') });
  if (chosen?.check !== undefined) await commands.executeCommand(commandIds.checkFinding, { path, ...chosen.check });
}
