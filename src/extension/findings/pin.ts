/** Pinning: what was measured becomes evidence of a new finding or of one that is there. One key and Enter make a new one. */
import { FileSystemError, Uri, ViewColumn, l10n, window, workspace } from 'vscode';
import type { QuickPickItem } from 'vscode';
import * as v from 'valibot';
import { removeAttachments, saveAttachments } from '../../notes/attachments.ts';
import { addEvidence, addFigure, addToList, figureMarkdown } from '../../notes/edits.ts';
import type { NoteFigure } from '../../notes/edits.ts';
import { evidenceSchema, findingKinds } from '../../notes/format/schema.ts';
import type { EvidenceDraft, FindingKind } from '../../notes/format/schema.ts';
import { newNote, slugFor } from '../../notes/newNote.ts';
import { createNoteFile } from '../../notes/noteFile.ts';
import type { FindingEntry } from '../../notes/noteIndex.ts';
import { describeTarget, formatLink, parseSubject, sideOf } from '../../notes/subjects.ts';
import { rangeOf } from '../editor/documents.ts';
import { readSetting } from '../settings.ts';
import type { KeptFigure } from './figures.ts';
import type { FindingNotes } from './findingNotes.ts';
import { changeNote, requireTrust } from './noteDocuments.ts';
import { badgeOf } from './words.ts';

/** What the command `mechanist.finding.pin` takes. Records are as a note holds them, without id. */
const draftSchema = v.object({
  title: v.optional(v.pipe(v.string(), v.minLength(1), v.maxLength(300))),
  claim: v.optional(v.pipe(v.string(), v.minLength(1), v.maxLength(4000))),
  kind: v.optional(v.picklist(findingKinds)),
  subjects: v.optional(v.pipe(v.array(v.pipe(v.string(), v.maxLength(1000))), v.maxLength(200)), []),
  evidence: v.optional(v.pipe(v.array(v.omit(evidenceSchema, ['id', 'history'])), v.maxLength(50)), []),
});
export type PinDraft = v.InferOutput<typeof draftSchema>;

/** Errors: valibot's for what is no draft; a subject that cannot be read. */
export function parsePinDraft(value: unknown): PinDraft {
  const draft = v.parse(draftSchema, value);
  return { ...draft, subjects: draft.subjects.map((uri) => formatLink(parseSubject(uri))) };
}

interface Choice extends QuickPickItem {
  readonly entry: FindingEntry | undefined;
}

export interface PinOptions {
  readonly figure?: KeptFigure | undefined;
  /** Only notes of this folder, for evidence with files in it. */
  readonly beside?: Uri | undefined;
}

/** Asks where to, with "new finding" first, and pins. Shows the note. False when the user thought better of it. */
export async function pin(notes: FindingNotes, draft: PinDraft, { figure, beside }: PinOptions = {}): Promise<boolean> {
  requireTrust();
  await notes.ready();
  const about = new Set(draft.subjects.flatMap((uri) => notes.index.findingsAbout(uri).map(({ path }) => path)));
  const fits = ({ path }: FindingEntry): boolean => beside === undefined || Uri.joinPath(Uri.parse(path), '..').path === beside.path;
  const entries = notes.index.findings().filter(fits).toSorted((a, b) => Number(about.has(b.path)) - Number(about.has(a.path)) || (a.finding.title < b.finding.title ? -1 : 1));
  const choices: Choice[] = [
    { label: `$(add) ${l10n.t('New finding')}`, detail: draft.claim ?? subjectName(draft), entry: undefined, alwaysShow: true },
    ...entries.map((entry) => ({ label: entry.finding.title, description: badgeOf(entry, l10n.t), ...(about.has(entry.path) ? { detail: l10n.t('about the same subject') } : {}), entry })),
  ];
  const chosen = await window.showQuickPick(choices, { title: l10n.t('Pin to a Finding'), placeHolder: l10n.t('Enter makes a new finding'), matchOnDescription: true });
  if (chosen === undefined) return false;
  if (chosen.entry === undefined) await pinToNew(notes, draft, figure);
  else await addToFinding(notes, Uri.parse(chosen.entry.path), draft, figure);
  return true;
}

/** Adds records, subjects and the figure to a note, and shows it. */
async function addToFinding(notes: FindingNotes, uri: Uri, { subjects, evidence }: PinDraft, figure: KeptFigure | undefined): Promise<void> {
  const document = await withFigure(uri, figure, async (kept) => {
    for (const record of evidence) await changeNote(uri, (note) => addEvidence(note, withArtefact(record, kept)).edits);
    for (const subject of subjects) await changeNote(uri, (note) => addToList(note, 'subjects', subject));
    if (kept !== undefined) await changeNote(uri, (note) => addFigure(note, kept));
    return workspace.openTextDocument(uri);
  });
  notes.takeIn(document);
  await window.showTextDocument(document, { preview: false });
}

async function pinToNew(notes: FindingNotes, draft: PinDraft, figure: KeptFigure | undefined): Promise<void> {
  const title = (draft.title ?? draft.claim ?? subjectName(draft)).replaceAll(/\s+/g, ' ').slice(0, 200);
  const folder = findingsFolder();
  const taken = new Set(notes.index.findings().map(({ finding }) => finding.id));
  const existing = folder === undefined ? new Set<string>() : await namesIn(folder);
  const id = slugFor(title, (slug) => taken.has(slug) || existing.has(`${slug}.md`) || existing.has(slug));
  const text = (kept: NoteFigure | undefined): string => newNote(id, {
    title, claim: draft.claim ?? l10n.t('What do you claim?'), kind: draft.kind ?? kindOf(draft.subjects), subjects: draft.subjects, evidence: draft.evidence.map((record) => withArtefact(record, kept)),
    ...(kept === undefined ? {} : { body: `# ${title}\n\n${figureMarkdown(kept)}\n` }),
  });
  const beside = { viewColumn: window.activeTextEditor === undefined ? ViewColumn.Active : ViewColumn.Beside, preview: false };
  if (folder === undefined) {
    await window.showTextDocument(await workspace.openTextDocument({ language: 'markdown', content: text(undefined) }), beside);
    void window.showInformationMessage(l10n.t('Open a folder to keep findings as files, with their figures beside them.'));
    return;
  }
  const uri = Uri.joinPath(folder, `${id}.md`);
  const document = await withFigure(uri, figure, async (kept) => {
    if (uri.scheme === 'file') await createNoteFile(uri.fsPath, text(kept));
    else await workspace.fs.writeFile(uri, new TextEncoder().encode(text(kept)));
    return workspace.openTextDocument(uri);
  });
  notes.takeIn(document);
  const place = notes.noteOf(document).tree?.entries.get('claim')?.value;
  await window.showTextDocument(document, { ...beside, ...(place === undefined ? {} : { selection: rangeOf(document, place.start, place.end) }) });
}

/** Writes the figure's files before the note that names them, and takes them back if that fails. Only notes on disk have figures. */
async function withFigure<T>(uri: Uri, figure: KeptFigure | undefined, write: (kept: NoteFigure | undefined) => Promise<T>): Promise<T> {
  if (figure === undefined || uri.scheme !== 'file') return write(undefined);
  const files = saveAttachments(uri.fsPath, 'figure', figure.attachments);
  try {
    return await write({ title: figure.title, files });
  } catch (error) {
    removeAttachments(uri.fsPath, files);
    throw error;
  }
}

function withArtefact(record: EvidenceDraft, kept: NoteFigure | undefined): EvidenceDraft {
  return kept === undefined ? record : { ...record, artefact: kept.files[0]! };
}

/** Where new findings go; undefined without a folder open. The setting is relative, and stays inside. */
export function findingsFolder(): Uri | undefined {
  const [root] = workspace.workspaceFolders ?? [];
  if (root === undefined) return undefined;
  const parts = readSetting('findings.folder', root.uri).split(/[\\/]/).filter((part) => part !== '' && part !== '.' && part !== '..');
  return Uri.joinPath(root.uri, ...parts);
}

async function namesIn(folder: Uri): Promise<Set<string>> {
  try {
    return new Set((await workspace.fs.readDirectory(folder)).map(([name]) => name));
  } catch (error) {
    if (!(error instanceof FileSystemError) || error.code !== 'FileNotFound') throw error;
    // The folder is made with the first finding.
    return new Set();
  }
}

function subjectName({ subjects: [first] }: PinDraft): string {
  return first === undefined ? l10n.t('New finding') : describeTarget(parseSubject(first), l10n.t);
}

function kindOf(subjects: readonly string[]): FindingKind {
  const [first] = subjects;
  return first === undefined ? 'behavioral' : sideOf(parseSubject(first));
}
