/** Running evidence again from the editor: one record, one note, all notes. Results go into the history of the note. */
import { ProgressLocation, Uri, commands, l10n, window, workspace } from 'vscode';
import type { CancellationToken, Progress } from 'vscode';
import { dirname } from 'node:path';
import { addHistory, evidenceMap } from '../../notes/edits.ts';
import type { Evidence, HistoryEntry } from '../../notes/format/schema.ts';
import { readNote } from '../../notes/note.ts';
import type { EvidenceVerification } from '../../protocol/methods/findings.ts';
import { commandIds } from '../commandIds.ts';
import type { EnginePort } from '../process/enginePort.ts';
import type { FindingNotes } from './findingNotes.ts';
import { changeNote, requireTrust } from './noteDocuments.ts';
import { withSignal } from '../withSignal.ts';

export interface VerifiedRecord {
  readonly id: string;
  readonly recorded: Evidence;
  readonly result: EvidenceVerification;
}

export class Verifier {
  private readonly engine: EnginePort;
  private readonly notes: FindingNotes;
  /** What the last run of a note found, for comparing. */
  private readonly last = new Map<string, readonly VerifiedRecord[]>();

  constructor(engine: EnginePort, notes: FindingNotes) {
    this.engine = engine;
    this.notes = notes;
  }

  lastOf(path: string): readonly VerifiedRecord[] {
    return this.last.get(path) ?? [];
  }

  /** Runs notes again under a notification that can be cancelled, and writes what came out into them. `only`: ids of records. */
  async verify(paths: readonly string[], only?: ReadonlySet<string>): Promise<readonly VerifiedRecord[]> {
    requireTrust();
    const found: VerifiedRecord[] = [];
    await window.withProgress({ location: ProgressLocation.Notification, title: l10n.t('Running evidence again'), cancellable: true }, async (progress, cancel) => {
      for (const path of paths) found.push(...await this.verifyNote(Uri.parse(path), only, progress, cancel));
    });
    this.tell(paths, found);
    return found;
  }

  /** Runs the records of a note without writing. */
  async run(uri: Uri, only: ReadonlySet<string> | undefined, signal: AbortSignal, onRecord?: (record: Evidence) => void): Promise<VerifiedRecord[]> {
    const { finding } = readNote((await workspace.openTextDocument(uri)).getText());
    if (finding === undefined) throw new Error(l10n.t('{0} is no finding, or its front matter has problems.', uri.path.split('/').at(-1) ?? ''));
    const folder = uri.scheme === 'file' ? { folder: dirname(uri.fsPath) } : {};
    const records: VerifiedRecord[] = [];
    for (const recorded of finding.evidence.filter(({ id }) => only === undefined || only.has(id))) {
      onRecord?.(recorded);
      const result = await this.engine.call('findings.verify', { record: evidenceMap(recorded), ...folder }, { signal, priority: 'batch' });
      records.push({ id: recorded.id, recorded, result });
    }
    return records;
  }

  private async verifyNote(uri: Uri, only: ReadonlySet<string> | undefined, progress: Progress<{ message?: string }>, cancel: CancellationToken): Promise<VerifiedRecord[]> {
    const records = await withSignal(cancel, (signal) => this.run(uri, only, signal, ({ id, method }) => progress.report({ message: `${id} ${method}` })));
    this.last.set(uri.toString(), records);
    const date = `${new Date().toISOString().slice(0, 19)}Z`;
    for (const { id, result } of records) this.notes.takeIn(await changeNote(uri, (note) => addHistory(note, id, entryOf(result, date))));
    return records;
  }

  private tell(paths: readonly string[], found: readonly VerifiedRecord[]): void {
    const counts = new Map<string, number>();
    for (const { result } of found) counts.set(result.state, (counts.get(result.state) ?? 0) + 1);
    const summary = found.length === 0 ? l10n.t('There is no evidence to run.') : [...counts].map(([state, count]) => `${count} ${state}`).join(', ');
    const worst = found.find(({ result }) => result.state !== 'confirmed');
    if (worst === undefined) {
      void window.showInformationMessage(summary);
      return;
    }
    const compare = l10n.t('Compare');
    void window.showWarningMessage(`${summary}. ${worst.id}: ${worst.result.reason}`, ...(paths.length === 1 ? [compare] : [])).then((chosen) => {
      if (chosen === compare) void commands.executeCommand(commandIds.compareFinding, { path: paths[0] });
    });
  }
}

function entryOf({ state, reason, found }: EvidenceVerification, date: string): HistoryEntry {
  return { date, state, ...(found === undefined ? {} : { value: found.value }), ...(state === 'confirmed' ? {} : { reason: reason.slice(0, 1000) }) };
}
