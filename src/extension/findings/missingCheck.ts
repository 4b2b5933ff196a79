/** Runs the check that a claim lacks, with what the note already says: its subject, its prompts. Asks for what is missing. */
import { ProgressLocation, Uri, l10n, window, workspace } from 'vscode';
import { dirname, relative } from 'node:path';
import { createHash } from 'node:crypto';
import { addEvidence } from '../../notes/edits.ts';
import type { Finding } from '../../notes/format/schema.ts';
import { readNote } from '../../notes/note.ts';
import { parseSubject } from '../../notes/subjects.ts';
import type { Subject } from '../../notes/subjects.ts';
import type { EvidenceMethodSummary } from '../../protocol/methods/findings.ts';
import type { EnginePort } from '../process/enginePort.ts';
import type { FindingNotes } from './findingNotes.ts';
import { changeNote, requireTrust } from './noteDocuments.ts';
import { withSignal } from '../withSignal.ts';

/** Measures and adds the record to the note. Resolves to whether it was done; the user may think better of it. */
export async function runMissingCheck(engine: EnginePort, notes: FindingNotes, path: string, method: string, subject: string): Promise<boolean> {
  requireTrust();
  const uri = Uri.parse(path);
  const { finding } = readNote((await workspace.openTextDocument(uri)).getText());
  if (finding === undefined) throw new Error(l10n.t('The note has problems in its front matter.'));
  const target = parseSubject(subject);
  const description = (await engine.call('findings.methods', {})).find((candidate) => candidate.method.startsWith(`${method}@`));
  if (description === undefined) throw new Error(l10n.t('There is no method "{0}".', method));
  const inputs = await inputsFor(description, finding, uri);
  const parameters = inputs && await parametersFor(description, finding, target);
  if (inputs === undefined || parameters === undefined) return false;
  const record = await window.withProgress({ location: ProgressLocation.Notification, title: description.title, cancellable: true }, (progress, cancel) =>
    withSignal(cancel, (signal) => engine.call('findings.run', {
      method, models: [target.model], dictionaries: target.kind === 'feature' && description.dictionary ? [target.dictionary] : [], inputs, parameters, seed: 0,
      ...(uri.scheme === 'file' ? { folder: dirname(uri.fsPath) } : {}),
    }, { signal, priority: 'batch', onProgress: (value) => progress.report(stepOf(value)) })));
  notes.takeIn(await changeNote(uri, (note) => addEvidence(note, record).edits));
  return true;
}

/** Inputs of the kind that the note's other records have; otherwise a file is asked for, or a text. */
async function inputsFor({ inputs }: EvidenceMethodSummary, finding: Finding, note: Uri): Promise<Record<string, unknown> | undefined> {
  const known = new Map(finding.evidence.flatMap((record) => Object.entries(record.inputs)));
  const chosen: Record<string, unknown> = {};
  const optional = inputs.every(({ optional: may }) => may === true);
  for (const field of inputs) {
    if (known.has(field.name)) chosen[field.name] = known.get(field.name);
    else if (field.optional !== true) {
      const given = await askInput(field.kind, field.description, note);
      if (given === undefined) return undefined;
      chosen[field.name] = given;
    }
  }
  const [first] = inputs;
  if (optional && first !== undefined && Object.keys(chosen).length === 0) {
    const given = await askInput(first.kind, first.description, note);
    if (given === undefined) return undefined;
    chosen[first.name] = given;
  }
  // Pairs and text say the same thing where both are optional; pairs are the sharper question.
  if (optional && chosen['pairs'] !== undefined) delete chosen['text'];
  return chosen;
}

async function askInput(kind: 'text' | 'pairs' | 'labelled', description: string, note: Uri): Promise<unknown> {
  if (kind === 'text') return window.showInputBox({ title: l10n.t('Text to measure on'), prompt: description });
  const extension = kind === 'pairs' ? 'jsonl' : 'safetensors';
  const folder = Uri.joinPath(note, '..');
  const files = (await workspace.findFiles(`**/*.${extension}`, '**/node_modules/**', 200)).filter((file) => file.path.startsWith(`${folder.path}/`));
  const picked = await window.showQuickPick(files.map((file) => ({ label: relative(folder.fsPath, file.fsPath), file })), {
    title: kind === 'pairs' ? l10n.t('Prompt pairs') : l10n.t('Labelled tokens'), placeHolder: files.length === 0 ? l10n.t('No .{0} file lies beside the note', extension) : description,
  });
  if (picked === undefined) return undefined;
  const bytes = await workspace.fs.readFile(picked.file);
  return { path: picked.label.replaceAll('\\', '/'), hash: createHash('sha256').update(bytes).digest('hex') };
}

/** From the subject where it says them, from the note's other records, and otherwise asked for. */
async function parametersFor({ parameters }: EvidenceMethodSummary, finding: Finding, subject: Subject): Promise<Record<string, unknown> | undefined> {
  const known = new Map(finding.evidence.flatMap((record) => Object.entries(record.parameters)));
  const implied = impliedBy(subject);
  const chosen: Record<string, unknown> = {};
  for (const field of parameters) {
    const value = implied[field.name] ?? (field.default === undefined ? known.get(field.name) : undefined);
    if (value !== undefined) chosen[field.name] = value;
    else if (field.default === undefined && field.optional !== true) {
      const typed = await window.showInputBox({ title: field.name, prompt: field.description });
      if (typed === undefined) return undefined;
      chosen[field.name] = field.type === 'texts' ? typed.split(',').map((part) => part.trim()) : field.type === 'text' ? typed : Number(typed);
    }
  }
  return chosen;
}

function impliedBy(subject: Subject): Record<string, unknown> {
  switch (subject.kind) {
    case 'feature': return { feature: subject.index };
    case 'direction': return { hook: subject.hook, variable: subject.name };
    case 'edge': return { edges: [`${subject.sender}->${subject.receiver}`] };
    case 'component': {
      const layer = /^blocks\.(\d+)\./.exec(subject.hook)?.[1];
      const head = layer !== undefined && subject.index !== undefined && subject.hook.includes('.attn.') ? `${layer}.${subject.index}` : undefined;
      return { hook: subject.hook, ...(head === undefined ? {} : { heads: [head], head: subject.index, component: head }) };
    }
    default: return {};
  }
}

function stepOf(value: unknown): { message?: string } {
  const { done, total } = (value ?? {}) as { done?: number; total?: number };
  return typeof done === 'number' && typeof total === 'number' && total > 0 ? { message: `${done} / ${total}` } : {};
}
