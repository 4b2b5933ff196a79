/** What is wrong or doubtful in a note, with places: front matter, links, stale evidence, and claims that say too much. */
import type { Finding } from './format/schema.ts';
import { nearest } from './format/yamlTree.ts';
import type { MissingCheck } from './grade/checks.ts';
import { overClaims } from './grade/claims.ts';
import { unifiedLack } from './grade/unified.ts';
import type { UnifiedLack } from './grade/unified.ts';
import { lastState } from './grade/grade.ts';
import { checksFor } from './grade/rules.ts';
import type { NoteIndex } from './noteIndex.ts';
import type { Note } from './note.ts';
import { english } from './say.ts';
import type { Say } from './say.ts';
import { parseSubject } from './subjects.ts';

export type DiagnosticCode = 'front-matter' | 'link' | 'dangling' | 'stale' | 'over-claim' | 'contradicted' | 'missing-artefact' | 'duplicate-id' | 'not-unified';

export interface Diagnostic {
  readonly code: DiagnosticCode;
  readonly severity: 'error' | 'warning' | 'information';
  readonly message: string;
  /** UTF-16 offsets in the note. */
  readonly start: number;
  readonly end: number;
  /** A check that would remove the doubt. */
  readonly check?: MissingCheck;
  /** Evidence that running again may mend. */
  readonly evidence?: string;
}

export interface Surroundings {
  readonly index: NoteIndex;
  /** Hash of a model by its id, where it is known; undefined for a model that is not at hand. */
  readonly modelHash: (id: string) => string | undefined;
  /** Hash of a dictionary of a model, by its name in subject URIs. */
  readonly dictionaryHash: (model: string, id: string) => string | undefined;
  /** Whether a path relative to the note exists; undefined when nobody can tell. */
  readonly exists: (path: string) => boolean | undefined;
}

/** `say`: for the sentences; what is wrong with the front matter itself is said in English. */
export function diagnose(note: Note, around: Surroundings, say: Say = english): Diagnostic[] {
  const found: Diagnostic[] = note.problems.map(({ message, field, start, end }) => ({ code: 'front-matter', severity: 'error', message: field === '' ? message : `${field}: ${message}`, start, end }));
  for (const { start, end, target, problem } of note.links) {
    if (problem !== undefined) found.push({ code: 'link', severity: 'error', message: problem, start, end });
    else if (target?.kind === 'finding') found.push(...danglingFinding(target.id, target.evidence, around.index, { start, end }, say));
  }
  if (note.finding !== undefined) found.push(...ofFinding(note, note.finding, around, say));
  return found;
}

function danglingFinding(id: string, evidence: string | undefined, index: NoteIndex, place: { readonly start: number; readonly end: number }, say: Say): Diagnostic[] {
  const named = index.findingsOf(id);
  if (named.length === 0) return [{ code: 'dangling', severity: 'warning', message: say('No note of this workspace is the finding "{0}".', id), ...place }];
  if (evidence === undefined || named.some(({ finding }) => finding.evidence.some((record) => record.id === evidence))) return [];
  return [{ code: 'dangling', severity: 'warning', message: say('The finding "{0}" has no evidence "{1}".', id, evidence), ...place }];
}

function ofFinding(note: Note, finding: Finding, { index, modelHash, dictionaryHash, exists }: Surroundings, say: Say): Diagnostic[] {
  const found: Diagnostic[] = [];
  const at = (path: (string | number)[]): { start: number; end: number } => {
    const { start, end } = nearest(note.tree!, path);
    return { start, end };
  };
  if (index.findingsOf(finding.id).length > 1) found.push({ code: 'duplicate-id', severity: 'warning', message: say('Another note has the id "{0}" too.', finding.id), ...at(['id']) });
  finding.related.forEach((id, i) => {
    found.push(...danglingFinding(id, undefined, index, at(['related', i]), say));
  });
  finding.evidence.forEach((record, i) => {
    const place = at(['evidence', i, 'id']);
    const stale = [
      ...record.models.filter(({ id, hash }) => differs(modelHash(id), hash)).map(({ id }) => say('the model {0}', id)),
      ...record.dictionaries.filter(({ model, id, hash }) => differs(dictionaryHash(model, id), hash)).map(({ id }) => say('the dictionary {0}', id)),
    ];
    if (stale.length > 0) found.push({ code: 'stale', severity: 'warning', message: say('Stale: {0} changed since {1} was measured.', stale.join(', '), record.id), ...place, evidence: record.id });
    const state = lastState(record);
    if (state === 'contradicted' || state === 'drifted') {
      found.push({ code: 'contradicted', severity: state === 'drifted' ? 'information' : 'warning', message: lastRun(record.id, state, record.history.at(-1)!.reason ?? '', say), ...place, evidence: record.id });
    }
    if (record.artefact !== undefined && exists(record.artefact) === false) found.push({ code: 'missing-artefact', severity: 'warning', message: say('The file {0} of {1} is gone.', record.artefact, record.id), ...at(['evidence', i, 'artefact']) });
  });
  const subject = finding.subjects[0];
  for (const { field, word, message, needs } of overClaims(finding, say)) {
    const method = subject === undefined ? undefined : checksFor[needs]?.[parseSubject(subject).kind];
    found.push({ code: 'over-claim', severity: 'warning', message, ...wordPlace(note, field, word), ...(method === undefined || subject === undefined ? {} : { check: { method, subject } }) });
  }
  if (finding.kind === 'unified') found.push(...notUnified(finding, at(['kind']), say));
  return found;
}

/** What a finding needs to be unified. */
export const lacks: Readonly<Record<UnifiedLack, string>> = {
  sides: 'Unified takes a semantic and an algorithmic subject.',
  component: 'The semantic and the algorithmic subject are not of the same component.',
  test: 'Not unified yet: no interchange or ablation of the component passed beside its null.',
};

function notUnified(finding: Finding, place: { readonly start: number; readonly end: number }, say: Say): Diagnostic[] {
  const lack = unifiedLack(finding);
  if (lack === undefined) return [];
  // A feature says more exactly what is exchanged than its component does.
  const subject = finding.subjects.find((uri) => parseSubject(uri).kind === 'feature') ?? finding.subjects.find((uri) => parseSubject(uri).kind === 'component');
  return [{ code: 'not-unified', severity: 'warning', message: say(lacks[lack]), ...place, ...(lack === 'test' && subject !== undefined ? { check: { method: 'interchange.activation', subject } } : {}) }];
}

function lastRun(id: string, state: 'drifted' | 'contradicted', reason: string, say: Say): string {
  return (state === 'drifted' ? say('{0} had drifted when it was last run: {1}', id, reason) : say('{0} was contradicted when it was last run: {1}', id, reason)).trim();
}

function differs(now: string | undefined, then: string): boolean {
  return now !== undefined && !now.startsWith(then) && !then.startsWith(now);
}

/** The word in the front matter as it is spelled there; the whole value when escapes hide it. */
function wordPlace(note: Note, field: string, word: string): { start: number; end: number } {
  const { start, end } = nearest(note.tree!, [field]);
  const at = note.text.slice(start, end).search(new RegExp(`\\b${word.replaceAll(/[^\w\s]/g, '\\$&')}\\b`));
  return at < 0 ? { start, end } : { start: start + at, end: start + at + word.length };
}
