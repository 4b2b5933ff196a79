/** The changes that the product makes to a note. Each is a list of text edits; whatever a person wrote around them stays. */
import { MechanistError } from '../engine/errors.ts';
import { linkPath } from './attachments.ts';
import { inline, itemLines, mapLines } from './format/emitYaml.ts';
import type { Writable } from './format/emitYaml.ts';
import type { Evidence, EvidenceDraft, HistoryEntry } from './format/schema.ts';
import { nearest } from './format/yamlTree.ts';
import type { YamlList, YamlMap, YamlTree } from './format/yamlTree.ts';
import type { Note } from './note.ts';
import { formatLink } from './subjects.ts';
import type { LinkTarget } from './subjects.ts';
import type { TextEdit } from './textEdit.ts';

/** Adds a record at the end of the evidence, under the first free id `e1`, `e2`, … Errors: `argument` for a note that is no sound finding. */
export function addEvidence(note: Note, draft: EvidenceDraft): { readonly id: string; readonly edits: TextEdit[] } {
  const { tree, finding } = sound(note);
  const taken = new Set(finding.evidence.map(({ id }) => id));
  let number = finding.evidence.length + 1;
  while (taken.has(`e${number}`)) number++;
  const id = `e${number}`;
  return { id, edits: appendItem(note, tree, 'evidence', evidenceMap({ ...draft, id })) };
}

/** Adds what a re-run gave to the history of a record. Errors: `argument`. */
export function addHistory(note: Note, evidenceId: string, entry: HistoryEntry): TextEdit[] {
  const { tree, finding } = sound(note);
  const index = finding.evidence.findIndex(({ id }) => id === evidenceId);
  const record = nearest(tree, ['evidence', index]);
  if (index < 0 || record.kind !== 'map') throw new MechanistError('argument', 'The note has no such evidence.', { field: `evidence ${evidenceId}` });
  return appendItem(note, record, 'history', { ...entry });
}

/** Adds a subject or a related finding, unless it is there. Errors: `argument`. */
export function addToList(note: Note, key: 'subjects' | 'related' | 'authors', value: string): TextEdit[] {
  const { tree, finding } = sound(note);
  return finding[key].includes(value) ? [] : appendItem(note, tree, key, value);
}

export interface NoteFigure {
  readonly title: string;
  /** Paths relative to the note, the picture first. */
  readonly files: readonly string[];
}

/** Puts a figure at the end of the body, with links to the files behind it. */
export function addFigure(note: Note, figure: NoteFigure): TextEdit[] {
  const eol = note.frontMatter?.eol ?? '\n';
  const before = note.text.endsWith(`${eol}${eol}`) ? '' : note.text.endsWith('\n') ? eol : `${eol}${eol}`;
  return [{ start: note.text.length, end: note.text.length, text: `${before}${figureMarkdown(figure)}${eol}` }];
}

/** `![title](picture) · [CSV](table)` */
export function figureMarkdown({ title, files: [picture = '', ...others] }: NoteFigure): string {
  const words = title.replaceAll(/\s+/g, ' ').replaceAll(/[[\]\\`<>]/g, ' ').trim().slice(0, 300);
  return [`![${words}](${linkPath(picture)})`, ...others.map((path) => `[${path.slice(path.lastIndexOf('.') + 1).toUpperCase()}](${linkPath(path)})`)].join(' · ');
}

/** Sets a field of the front matter that holds one value. Errors: `argument`. */
export function setField(note: Note, key: 'title' | 'claim' | 'kind' | 'approach' | 'status' | 'id', value: string): TextEdit[] {
  const { tree } = sound(note);
  const entry = tree.entries.get(key);
  if (entry === undefined) return appendEntry(note, tree, key, value);
  if (entry.value.kind !== 'scalar') throw new MechanistError('argument', 'This field holds no single value.', { field: key });
  return [replaceScalar(note, entry.value, value)];
}

/** Points every link to `from` at `to`, in the body, the subjects and anywhere else in the text. */
export function retarget(note: Note, from: LinkTarget, to: LinkTarget): TextEdit[] {
  const [old, renamed] = [formatLink(from), formatLink(to)];
  const edits = note.links.filter(({ target }) => target !== undefined && formatLink(target) === old).map(({ start, end }) => ({ start, end, text: renamed }));
  if (from.kind !== 'finding' || to.kind !== 'finding' || note.tree === undefined) return edits;
  const related = note.tree.entries.get('related')?.value;
  const named = related?.kind === 'list' ? related.items.filter((item) => item.kind === 'scalar' && item.value === from.id) : [];
  return [...edits, ...named.map((item) => replaceScalar(note, item, to.id))];
}

/** The record as it is written, in the order people read it. */
export function evidenceMap(record: Omit<Evidence, 'history'>): { readonly [key: string]: Writable } {
  const { id, method, date, models, dictionaries, inputs, parameters, seed, metric, unit, value, interval, control, measures, tolerance, artefact } = record;
  const filled = <T extends object>(map: T): T | undefined => (Object.keys(map).length === 0 ? undefined : map);
  return {
    id, method, date, metric, value, unit, interval, control: control === undefined ? undefined : { name: control.name, value: control.value, interval: control.interval },
    measures: filled(measures), tolerance, models: models.map((model) => ({ id: model.id, hash: model.hash })),
    dictionaries: filled(dictionaries.map((dictionary) => ({ model: dictionary.model, id: dictionary.id, hash: dictionary.hash }))),
    inputs: filled(inputs) as Writable, parameters: filled(parameters) as Writable, seed, artefact,
  };
}

function sound({ tree, finding }: Note): { tree: YamlMap; finding: NonNullable<Note['finding']> } {
  if (tree === undefined || finding === undefined) throw new MechanistError('argument', 'The note has problems in its front matter; they must be mended before it is changed.');
  return { tree, finding };
}

/** Appends to the list under `key` of a mapping, whatever style it is written in. */
function appendItem(note: Note, map: YamlMap, key: string, item: Writable): TextEdit[] {
  const entry = map.entries.get(key);
  if (entry === undefined) return appendEntry(note, map, key, [item]);
  const { value } = entry;
  if (value.kind === 'list' && value.flow && (value.items.length > 0 || map.flow)) return [insertFlow(value, value.items.at(-1)?.end, inline(item))];
  if (value.kind === 'list' && value.items.length > 0) return [insertLines(note, value, indentOf(note, value.start), itemLines(item))];
  // Nothing, null or []: a list begins below the key.
  if (map.flow) return [{ start: value.start, end: value.end, text: `${text(note, value.start - 1) === ':' ? ' ' : ''}[${inline(item)}]` }];
  const indent = `${indentOf(note, entry.key.start)}  `;
  const lines = insertLines(note, value, indent, itemLines(item));
  return value.end > value.start ? [{ start: value.start, end: value.end, text: '' }, lines] : [lines];
}

function appendEntry(note: Note, map: YamlMap, key: string, value: Writable): TextEdit[] {
  const last = [...map.entries.values()].at(-1);
  if (map.flow) return [insertFlow(map, last?.value.end, `${JSON.stringify(key)}: ${inline(value)}`)];
  const lines = mapLines({ [key]: value });
  const first = map.entries.values().next().value;
  return [last === undefined ? { start: map.start, end: map.start, text: joined(note, '', lines) } : insertLines(note, map, indentOf(note, first!.key.start), lines)];
}

function insertFlow(collection: YamlList | YamlMap, lastEnd: number | undefined, item: string): TextEdit {
  const at = lastEnd ?? collection.start + 1;
  return { start: at, end: at, text: lastEnd === undefined ? item : `, ${item}` };
}

/** Whole lines after the last line of a value. */
function insertLines(note: Note, after: YamlTree, indent: string, lines: readonly string[]): TextEdit {
  const end = lastLeafEnd(after);
  const lineEnd = text(note, end - 1) === '\n' ? end : note.text.indexOf('\n', end) + 1;
  const at = lineEnd === 0 ? note.text.length : lineEnd;
  return { start: at, end: at, text: joined(note, indent, lines) };
}

function joined(note: Note, indent: string, lines: readonly string[]): string {
  return lines.map((line) => `${indent}${line}${note.frontMatter!.eol}`).join('');
}

/** The end of the last thing written in a value. Block scalars end after their line break, everything else before it. */
function lastLeafEnd(tree: YamlTree): number {
  if (tree.kind === 'scalar' || tree.flow) return tree.end;
  const last = tree.kind === 'list' ? tree.items.at(-1) : [...tree.entries.values()].at(-1)?.value;
  return last === undefined ? tree.end : lastLeafEnd(last);
}

function replaceScalar(note: Note, place: YamlTree, value: string): TextEdit {
  const written = inline(value);
  const old = note.text.slice(place.start, place.end);
  // A block scalar owns its line break.
  return { start: place.start, end: place.end, text: `${place.start === place.end && text(note, place.start - 1) === ':' ? ' ' : ''}${written}${old.endsWith('\n') ? note.frontMatter!.eol : ''}` };
}

/** Spaces up to the column of an offset. */
function indentOf(note: Note, offset: number): string {
  return ' '.repeat(offset - (note.text.lastIndexOf('\n', offset - 1) + 1));
}

const text = (note: Note, at: number): string => note.text[at] ?? '';
