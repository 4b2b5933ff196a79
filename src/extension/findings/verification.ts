/** Running evidence again from the editor: one record, one note, all notes. Results go into the history of the note. */
import { ProgressLocation, Uri, commands, l10n, window, workspace } from 'vscode';
import type { CancellationToken, Progress } from 'vscode';
import { dirname } from 'node:path';
import { addHistory, evidenceMap } from '../../notes/edits.ts';
import type { Evidence, HistoryEntry, VerificationState } from '../../notes/format/schema.ts';
import { readNote } from '../../notes/note.ts';
import type { EvidenceVerification } from '../../protocol/methods/findings.ts';
import { PeerError } from '../../protocol/peer.ts';
import { commandIds } from '../commandIds.ts';
import { failureText } from '../../protocol/failureText.ts';
import type { EnginePort } from '../process/enginePort.ts';
import type { FindingNotes } from './findingNotes.ts';
import { changeNote, requireTrust } from './noteDocuments.ts';
import { withSignal } from '../withSignal.ts';
import { stateName } from './words.ts';

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
    const problems: string[] = [];
    let stopped = false;
    await window.withProgress({ location: ProgressLocation.Notification, title: l10n.t('Running evidence again'), cancellable: true }, async (progress, cancel) => {
      for (const path of paths) {
        stopped = cancel.isCancellationRequested;
        if (stopped) return;
        try {
          await this.verifyNote(Uri.parse(path), only, progress, cancel, found);
        } catch (error) {
          stopped = PeerError.is(error, 'cancelled');
          if (!stopped) problems.push(`${workspace.asRelativePath(Uri.parse(path))}: ${failureText(error)}`);
        }
      }
    });
    if (found.length > 0 || (problems.length === 0 && !stopped)) this.tell(paths, found);
    if (problems.length > 0) void window.showErrorMessage(l10n.t('Evidence was not run: {0}', problems.slice(0, 3).join(' · ')) + (problems.length > 3 ? ` … (${problems.length})` : ''));
    return found;
  }

  /** Runs the records of a note without writing. `records`: gets each as it is measured, also where a later one fails. */
  async run(uri: Uri, only: ReadonlySet<string> | undefined, signal: AbortSignal, onRecord?: (record: Evidence) => void, records: VerifiedRecord[] = []): Promise<VerifiedRecord[]> {
    const { finding } = readNote((await workspace.openTextDocument(uri)).getText());
    if (finding === undefined) throw new Error(l10n.t('{0} is no finding, or its front matter has problems.', uri.path.split('/').at(-1) ?? ''));
    const folder = uri.scheme === 'file' ? { folder: dirname(uri.fsPath) } : {};
    for (const recorded of finding.evidence.filter(({ id }) => only === undefined || only.has(id))) {
      onRecord?.(recorded);
      const result = await this.engine.call('findings.verify', { record: evidenceMap(recorded), ...folder }, { signal, priority: 'batch' });
      records.push({ id: recorded.id, recorded, result });
    }
    return records;
  }

  private async verifyNote(uri: Uri, only: ReadonlySet<string> | undefined, progress: Progress<{ message?: string }>, cancel: CancellationToken, found: VerifiedRecord[]): Promise<void> {
    const records: VerifiedRecord[] = [];
    try {
      await withSignal(cancel, (signal) => this.run(uri, only, signal, ({ id, method }) => progress.report({ message: `${id} ${method}` }), records));
    } finally {
      // What was measured before the user stopped it, or another record failed, is kept.
      found.push(...records);
      if (records.length > 0) await this.keep(uri, records);
    }
  }

  private async keep(uri: Uri, records: readonly VerifiedRecord[]): Promise<void> {
    this.last.set(uri.toString(), records);
    const date = `${new Date().toISOString().slice(0, 19)}Z`;
    for (const { id, result } of records) this.notes.takeIn(await changeNote(uri, (note) => addHistory(note, id, entryOf(result, date))));
  }

  private tell(paths: readonly string[], found: readonly VerifiedRecord[]): void {
    const counts = new Map<VerificationState, number>();
    for (const { result } of found) counts.set(result.state, (counts.get(result.state) ?? 0) + 1);
    const summary = found.length === 0 ? l10n.t('There is no evidence to run.') : [...counts].map(([state, count]) => `${count} ${stateName(state, l10n.t)}`).join(', ');
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
