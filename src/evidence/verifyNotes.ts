/** Verifies the findings of a file or folder, note by note, record by record. */
import { readdirSync, statSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { MechanistError } from '../engine/errors.ts';
import { addHistory } from '../notes/edits.ts';
import type { VerificationState } from '../notes/format/schema.ts';
import { assess } from '../notes/grade/grade.ts';
import type { Grade } from '../notes/grade/rules.ts';
import { readNote } from '../notes/note.ts';
import { readNoteFile, updateNoteFile } from '../notes/noteFile.ts';
import type { ModelProvider } from './measure.ts';
import { historyOf, verifyEvidence } from './verify.ts';
import type { Verification } from './verify.ts';

export interface VerifiedNote {
  readonly file: string;
  readonly id: string | undefined;
  readonly title: string | undefined;
  readonly grade: Grade | undefined;
  /** Why the front matter could not be read; then nothing was run. */
  readonly problem: string | undefined;
  readonly evidence: readonly Verification[];
}

export interface VerifyNotesOptions {
  readonly provider: ModelProvider;
  readonly signal: AbortSignal;
  /** Adds the results to the history of the notes. */
  readonly write: boolean;
  readonly onRecord?: (file: string, verification: Verification) => void;
}

/** Errors: `not-found` for the path; `cancelled`; those of writing notes. */
export async function* verifyNotes(path: string, { provider, signal, write, onRecord }: VerifyNotesOptions): AsyncGenerator<VerifiedNote> {
  for (const file of noteFiles(path)) {
    const note = readNote(readNoteFile(file));
    if (note.finding === undefined) {
      const [problem] = note.problems;
      if (problem !== undefined) yield { file, id: undefined, title: undefined, grade: undefined, problem: `line ${problem.line}: ${problem.field === '' ? '' : `${problem.field}: `}${problem.message}`, evidence: [] };
      continue;
    }
    const evidence: Verification[] = [];
    for (const record of note.finding.evidence) {
      const verification = await verifyEvidence(record, { provider, folder: dirname(file), signal });
      onRecord?.(file, verification);
      evidence.push(verification);
    }
    if (write) await record(file, evidence);
    const { id, title } = note.finding;
    yield { file, id, title, grade: assess(note.finding).grade, problem: undefined, evidence };
  }
}

/** How many records of each state. */
export function countStates(notes: readonly VerifiedNote[]): Record<VerificationState, number> {
  const counts: Record<VerificationState, number> = { confirmed: 0, drifted: 0, contradicted: 0, 'not-runnable': 0 };
  for (const { evidence } of notes) for (const { state } of evidence) counts[state]++;
  return counts;
}

/** The Markdown files at a path in order; folders whose names begin with a dot, and `node_modules`, are passed over. Errors: `not-found`. */
function noteFiles(path: string): string[] {
  const status = statSync(path, { throwIfNoEntry: false });
  if (status === undefined) throw new MechanistError('not-found', 'There is no such file or folder.', { file: path });
  return status.isDirectory() ? below(path, 0) : [path];
}

const deepest = 16;

function below(folder: string, depth: number): string[] {
  if (depth > deepest) return [];
  return readdirSync(folder, { withFileTypes: true }).toSorted((a, b) => (a.name < b.name ? -1 : 1)).flatMap((entry) => {
    if (entry.name.startsWith('.') || entry.name === 'node_modules') return [];
    const path = join(folder, entry.name);
    if (entry.isDirectory()) return below(path, depth + 1);
    return entry.isFile() && entry.name.endsWith('.md') ? [path] : [];
  });
}

async function record(file: string, verifications: readonly Verification[]): Promise<void> {
  const date = `${new Date().toISOString().slice(0, 19)}Z`;
  for (const verification of verifications) await updateNoteFile(file, (note) => addHistory(note, verification.id, historyOf(verification, date)));
}
