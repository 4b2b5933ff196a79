/** Problems of notes in the editor, with fixes that run what is missing; the CodeLens of findings and their records. */
import { CodeAction, CodeActionKind, CodeLens, Diagnostic as Marker, DiagnosticSeverity, Range, l10n, languages, workspace } from 'vscode';
import type { CodeActionContext, DiagnosticCollection, TextDocument, Uri } from 'vscode';
import { diagnose } from '../../notes/diagnose.ts';
import type { Diagnostic } from '../../notes/diagnose.ts';
import { nearest } from '../../notes/format/yamlTree.ts';
import { assess } from '../../notes/grade/grade.ts';
import { gradeNames } from '../../notes/grade/rules.ts';
import { commandIds } from '../commandIds.ts';
import { Disposables } from '../disposables.ts';
import type { Disposable } from '../disposables.ts';
import { rangeOf } from '../editor/documents.ts';
import type { OpenModels } from '../models/openModels.ts';
import { isMarkdown } from './findingNotes.ts';
import type { FindingNotes } from './findingNotes.ts';
import { surroundingsOf } from './identities.ts';
import { stateName } from './words.ts';

const severities = { error: DiagnosticSeverity.Error, warning: DiagnosticSeverity.Warning, information: DiagnosticSeverity.Information } as const;

export class NoteDiagnostics implements Disposable {
  private readonly owned = new Disposables();
  private readonly collection: DiagnosticCollection = this.owned.add(languages.createDiagnosticCollection('mechanist'));
  private readonly notes: FindingNotes;
  private readonly models: OpenModels;
  private readonly found = new Map<string, readonly { marker: Marker; diagnostic: Diagnostic }[]>();

  constructor(notes: FindingNotes, models: OpenModels) {
    this.notes = notes;
    this.models = models;
    const all = (): void => { for (const document of workspace.textDocuments) this.refresh(document); };
    this.owned.add(notes.onChange(all));
    this.owned.add(models.onChange(all));
    this.owned.add(workspace.onDidOpenTextDocument((document) => this.opened(document)));
    this.owned.add(workspace.onDidCloseTextDocument(({ uri }) => this.forget(uri)));
    this.owned.add(languages.registerCodeActionsProvider({ language: 'markdown' }, this, { providedCodeActionKinds: [CodeActionKind.QuickFix] }));
    for (const document of workspace.textDocuments) this.opened(document);
  }

  provideCodeActions(document: TextDocument, _range: Range, { diagnostics }: CodeActionContext): CodeAction[] {
    const path = document.uri.toString();
    return (this.found.get(path) ?? []).filter(({ marker }) => diagnostics.some((given) => given.range.isEqual(marker.range) && given.message === marker.message)).flatMap(({ marker, diagnostic }) => {
      const action = (title: string, command: string, argument: unknown): CodeAction => {
        const fix = new CodeAction(title, CodeActionKind.QuickFix);
        fix.command = { command, title, arguments: [argument] };
        fix.diagnostics = [marker];
        fix.isPreferred = true;
        return fix;
      };
      if (diagnostic.check !== undefined) return [action(l10n.t('Run the missing check: {0}', diagnostic.check.method), commandIds.checkFinding, { path, ...diagnostic.check })];
      if (diagnostic.evidence !== undefined) return [action(l10n.t('Run {0} again', diagnostic.evidence), commandIds.verifyFinding, { path, evidence: diagnostic.evidence })];
      return [];
    });
  }

  dispose(): void {
    this.owned.dispose();
  }

  /** A note that is opened wakes the index; other Markdown does not. */
  private opened(document: TextDocument): void {
    if (!isMarkdown(document)) return;
    const { tree, links } = this.notes.noteOf(document);
    if (tree !== undefined || links.length > 0) this.notes.whenReady(() => this.refresh(document));
  }

  private refresh(document: TextDocument): void {
    if (!isMarkdown(document) || document.isClosed) return;
    const diagnostics = diagnose(this.notes.noteOf(document), surroundingsOf(document.uri, this.notes, this.models), l10n.t);
    const marked = diagnostics.map((diagnostic) => {
      const marker = new Marker(rangeOf(document, diagnostic.start, diagnostic.end), diagnostic.message, severities[diagnostic.severity]);
      marker.source = 'Mechanist';
      marker.code = diagnostic.code;
      return { marker, diagnostic };
    });
    this.found.set(document.uri.toString(), marked);
    this.collection.set(document.uri, marked.map(({ marker }) => marker));
  }

  private forget(uri: Uri): void {
    this.found.delete(uri.toString());
    this.collection.delete(uri);
  }
}

/** Above the front matter: grade, re-run, compare, open; above each record: its state, and re-run. */
export function registerFindingLenses(notes: FindingNotes): Disposable {
  return languages.registerCodeLensProvider({ language: 'markdown' }, {
    provideCodeLenses(document) {
      const { finding, tree, frontMatter } = notes.noteOf(document);
      if (finding === undefined || tree === undefined || frontMatter === undefined) return [];
      const path = document.uri.toString();
      const lens = (offset: number, title: string, command: string, argument: unknown, tooltip?: string): CodeLens => {
        const at = document.positionAt(offset);
        return new CodeLens(new Range(at, at), { title, command, arguments: [argument], ...(tooltip === undefined ? {} : { tooltip }) });
      };
      const { grade, reasons, raise, cautions } = assess(finding, l10n.t);
      const top = frontMatter.start;
      const why = [...reasons, ...(raise.length === 0 ? [] : [l10n.t('What would raise it:'), ...raise]), ...cautions].join('\n');
      return [
        lens(top, `$(verified) ${l10n.t(gradeNames[grade])}`, commandIds.explainFinding, { path }, why),
        lens(top, `$(debug-rerun) ${l10n.t('Re-run')}`, commandIds.verifyFinding, { path }),
        lens(top, `$(diff) ${l10n.t('Compare')}`, commandIds.compareFinding, { path }),
        ...(finding.subjects[0] === undefined ? [] : [lens(top, `$(open-preview) ${l10n.t('Open in view')}`, commandIds.openLink, finding.subjects[0])]),
        ...finding.evidence.flatMap((record, i) => {
          const { start } = nearest(tree, ['evidence', i]);
          const state = record.history.at(-1);
          return [lens(start, `$(debug-rerun) ${l10n.t('Re-run {0}', record.id)}`, commandIds.verifyFinding, { path, evidence: record.id }), ...(state === undefined ? [] : [lens(start, `${stateName(state.state, l10n.t)} · ${state.date.slice(0, 10)}`, commandIds.compareFinding, { path })])];
        }),
      ];
    },
  });
}
