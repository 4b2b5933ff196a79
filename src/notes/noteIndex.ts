/**
 * All notes of a workspace: which findings there are, what links to what, and in which files. Kept up to date note by note;
 * a Markdown file that is no finding takes part with its links.
 */
import type { Finding, FindingKind, Status, VerificationState } from './format/schema.ts';
import { assess, lastState } from './grade/grade.ts';
import type { Grade } from './grade/rules.ts';
import { readNote } from './note.ts';
import type { Note } from './note.ts';
import { formatLink, parseLink } from './subjects.ts';

export interface FindingEntry {
  readonly path: string;
  readonly finding: Finding;
  readonly grade: Grade;
  /** The worst state of its records when last tried; undefined when none was. */
  readonly state: VerificationState | undefined;
}

/** A place that names a target. */
export interface Reference {
  readonly path: string;
  readonly start: number;
  readonly end: number;
}

interface Entry {
  readonly text: string;
  readonly finding: FindingEntry | undefined;
  readonly problems: Note['problems'];
  /** Canonical URI → places. */
  readonly links: ReadonlyMap<string, readonly Reference[]>;
}

export class NoteIndex {
  private readonly entries = new Map<string, Entry>();
  /** Canonical URI → paths whose text names it. */
  private readonly naming = new Map<string, Set<string>>();
  private readonly byId = new Map<string, Set<string>>();

  /** Takes in a file, new or changed. */
  update(path: string, text: string): void {
    if (this.entries.get(path)?.text === text) return;
    this.remove(path);
    const note = readNote(text);
    const links = new Map<string, Reference[]>();
    for (const { start, end, target } of note.links) {
      if (target === undefined) continue;
      const uri = formatLink(target);
      const places = links.get(uri);
      if (places === undefined) links.set(uri, [{ path, start, end }]);
      else places.push({ path, start, end });
    }
    const finding = note.finding && { path, finding: note.finding, grade: assess(note.finding).grade, state: worstState(note.finding) };
    this.entries.set(path, { text, finding, problems: note.problems, links });
    for (const uri of links.keys()) put(this.naming, uri, path);
    if (finding !== undefined) put(this.byId, finding.finding.id, path);
  }

  remove(path: string): void {
    const entry = this.entries.get(path);
    if (entry === undefined) return;
    this.entries.delete(path);
    for (const uri of entry.links.keys()) take(this.naming, uri, path);
    if (entry.finding !== undefined) take(this.byId, entry.finding.finding.id, path);
  }

  get size(): number {
    return this.entries.size;
  }

  findings(): FindingEntry[] {
    return [...this.entries.values()].flatMap(({ finding }) => finding ?? []);
  }

  /** Findings of an id: more than one when two notes claim it. */
  findingsOf(id: string): FindingEntry[] {
    return [...(this.byId.get(id) ?? [])].map((path) => this.entries.get(path)!.finding!);
  }

  at(path: string): FindingEntry | undefined {
    return this.entries.get(path)?.finding;
  }

  problemsOf(path: string): Note['problems'] {
    return this.entries.get(path)?.problems ?? [];
  }

  /** Every place that names a target; for a finding, also the places that name one of its records. */
  referencesTo(uri: string): Reference[] {
    const places = this.placesOf(uri);
    const target = parseLink(uri);
    if (target.kind !== 'finding' || target.evidence !== undefined) return places;
    const records = new Set(this.findingsOf(target.id).flatMap(({ finding }) => finding.evidence.map(({ id }) => formatLink({ ...target, evidence: id }))));
    return [...places, ...[...records].flatMap((record) => this.placesOf(record))];
  }

  /** Findings that have a subject among their subjects or links. */
  findingsAbout(uri: string): FindingEntry[] {
    return [...(this.naming.get(uri) ?? [])].flatMap((path) => this.entries.get(path)?.finding ?? []);
  }

  /** Every target that some file names, with the number of places. */
  targets(): Map<string, number> {
    return new Map([...this.naming].map(([uri, paths]) => [uri, [...paths].reduce((sum, path) => sum + this.entries.get(path)!.links.get(uri)!.length, 0)]));
  }

  /** Other findings that a finding names, is named by, or shares a subject with, the closest first. */
  relatedTo(path: string, most = 20): { readonly entry: FindingEntry; readonly shared: number }[] {
    const own = this.entries.get(path);
    if (own?.finding === undefined) return [];
    const weight = new Map<string, number>();
    const add = (other: string, amount: number): void => {
      if (other !== path && this.entries.get(other)?.finding !== undefined) weight.set(other, (weight.get(other) ?? 0) + amount);
    };
    for (const id of own.finding.finding.related) for (const other of this.byId.get(id) ?? []) add(other, 100);
    for (const other of this.naming.get(formatLink({ kind: 'finding', id: own.finding.finding.id })) ?? []) add(other, 10);
    for (const uri of own.links.keys()) for (const other of this.naming.get(uri) ?? []) add(other, 1);
    return [...weight].toSorted((a, b) => b[1] - a[1] || (a[0] < b[0] ? -1 : 1)).slice(0, most).map(([other, shared]) => ({ entry: this.entries.get(other)!.finding!, shared }));
  }

  private placesOf(uri: string): Reference[] {
    return [...(this.naming.get(uri) ?? [])].flatMap((path) => this.entries.get(path)!.links.get(uri) ?? []);
  }
}

/** What a list of findings can be narrowed by. */
export interface FindingFilter {
  readonly kind?: FindingKind;
  readonly grade?: Grade;
  readonly status?: Status;
  readonly model?: string;
  /** Words that title, claim, id or subjects must all contain. */
  readonly words?: string;
}

export function matches({ finding, grade }: FindingEntry, filter: FindingFilter): boolean {
  const words = (filter.words ?? '').toLowerCase().split(/\s+/).filter((word) => word !== '');
  const text = `${finding.title}\n${finding.claim}\n${finding.id}\n${finding.subjects.join('\n')}`.toLowerCase();
  return (filter.kind === undefined || finding.kind === filter.kind) && (filter.grade === undefined || grade === filter.grade) && (filter.status === undefined || finding.status === filter.status)
    && (filter.model === undefined || finding.evidence.some(({ models }) => models.some(({ id }) => id === filter.model))) && words.every((word) => text.includes(word));
}

const severity: readonly VerificationState[] = ['confirmed', 'drifted', 'not-runnable', 'contradicted'];

function worstState(finding: Finding): VerificationState | undefined {
  return finding.evidence.map(lastState).reduce<VerificationState | undefined>((worst, state) => (state !== undefined && severity.indexOf(state) > (worst === undefined ? -1 : severity.indexOf(worst)) ? state : worst), undefined);
}

function put(map: Map<string, Set<string>>, key: string, path: string): void {
  const paths = map.get(key);
  if (paths === undefined) map.set(key, new Set([path]));
  else paths.add(path);
}

function take(map: Map<string, Set<string>>, key: string, path: string): void {
  const paths = map.get(key);
  paths?.delete(path);
  if (paths?.size === 0) map.delete(key);
}
