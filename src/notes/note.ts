/**
 * A note: a Markdown text, read into its front matter, finding, links and problems. Nothing is ever executed or rendered
 * here, and whatever the text, reading it gives a note.
 */
import * as v from 'valibot';
import { MechanistError } from '../engine/errors.ts';
import { findFrontMatter } from './format/frontMatter.ts';
import type { FrontMatter } from './format/frontMatter.ts';
import { findingSchema, formatName } from './format/schema.ts';
import type { Finding } from './format/schema.ts';
import { nearest, plain, readYaml } from './format/yamlTree.ts';
import type { YamlMap } from './format/yamlTree.ts';
import { findLinks } from './links.ts';
import type { Link } from './links.ts';
import { parseSubject } from './subjects.ts';

/** Longest note that is read, in UTF-16 units. */
export const longestNote = 4_000_000;

export interface NoteProblem {
  readonly message: string;
  /** Path of the field, `evidence.0.value`; empty for the note as a whole. */
  readonly field: string;
  /** From 1. */
  readonly line: number;
  readonly start: number;
  readonly end: number;
}

export interface Note {
  readonly text: string;
  readonly frontMatter: FrontMatter | undefined;
  /** The front matter with places, when it is YAML and says that it is a finding. */
  readonly tree: YamlMap | undefined;
  /** Set when the front matter is that of a finding and has no problem. */
  readonly finding: Finding | undefined;
  /** Links of body and front matter. */
  readonly links: readonly Link[];
  readonly problems: readonly NoteProblem[];
}

/** Reads any Markdown. A text whose front matter does not begin with `mechanist: finding/…` is no finding and has no problems. */
export function readNote(text: string): Note {
  if (text.length > longestNote) {
    return { ...empty(text), problems: [problemAt(text, `The note is longer than ${longestNote} characters and is not read.`, '', 0, 0)] };
  }
  const frontMatter = findFrontMatter(text);
  if (frontMatter === undefined || !mayBeFinding(text, frontMatter)) return { ...empty(text), frontMatter, links: findLinks(text) };
  const links = findLinks(text);
  const read = readYaml(text.slice(frontMatter.yamlStart, frontMatter.yamlEnd), frontMatter.yamlStart);
  const base = { text, frontMatter, links };
  if ('problem' in read) {
    const { message, offset, length } = read.problem;
    return { ...base, tree: undefined, finding: undefined, problems: [problemAt(text, message, '', offset, offset + length)] };
  }
  const { tree } = read;
  if (tree.kind !== 'map' || !tree.entries.has('mechanist')) return { ...base, tree: undefined, finding: undefined, problems: [] };
  const version = tree.entries.get('mechanist')!.value;
  if (version.kind === 'scalar' && typeof version.value === 'string' && /^finding\/\d+$/.test(version.value) && version.value !== formatName) {
    return { ...base, tree, finding: undefined, problems: [problemAt(text, `This note has the format ${version.value}; this version reads ${formatName}.`, 'mechanist', version.start, version.end)] };
  }
  const parsed = v.safeParse(findingSchema, plain(tree));
  const problems = parsed.success ? consistency(text, tree, parsed.output) : parsed.issues.slice(0, 100).map((issue) => {
    const path = (issue.path ?? []).map(({ key }) => key as string | number);
    const { start, end } = nearest(tree, path);
    return problemAt(text, sentence(issue), path.join('.'), start, end);
  });
  return { ...base, tree, finding: problems.length === 0 && parsed.success ? parsed.output : undefined, problems };
}

/** The finding in a note. Errors: `parse` with file, line and field. */
export function requireFinding(note: Note, file: string): Finding {
  if (note.finding !== undefined) return note.finding;
  const [problem] = note.problems;
  if (problem === undefined) throw new MechanistError('parse', `The note is no finding: its front matter does not begin with "mechanist: ${formatName}".`, { file });
  throw new MechanistError('parse', problem.message, { file, field: `line ${problem.line}${problem.field === '' ? '' : `, ${problem.field}`}` });
}

function empty(text: string): Note {
  return { text, frontMatter: undefined, tree: undefined, finding: undefined, links: [], problems: [] };
}

/** Spares ordinary Markdown the YAML parser. */
function mayBeFinding(text: string, { yamlStart, yamlEnd }: FrontMatter): boolean {
  return /^["']?mechanist["']?[ \t]*:/m.test(text.slice(yamlStart, yamlEnd)) || /^[ \t]*\{/.test(text.slice(yamlStart, yamlEnd));
}

/** What a schema cannot say: ids of evidence are unique, and subjects are links of a known kind. */
function consistency(text: string, tree: YamlMap, finding: Finding): NoteProblem[] {
  const problems: NoteProblem[] = [];
  const add = (message: string, path: (string | number)[]): void => {
    const { start, end } = nearest(tree, path);
    problems.push(problemAt(text, message, path.join('.'), start, end));
  };
  const ids = new Set<string>();
  finding.evidence.forEach(({ id }, i) => {
    if (ids.has(id)) add(`Another record has the id "${id}" already.`, ['evidence', i, 'id']);
    ids.add(id);
  });
  finding.subjects.forEach((uri, i) => {
    try {
      parseSubject(uri);
    } catch (error) {
      if (!MechanistError.is(error)) throw error;
      add(error.statement, ['subjects', i]);
    }
  });
  return problems;
}

function problemAt(text: string, message: string, field: string, start: number, end: number): NoteProblem {
  let line = 1;
  for (let at = text.indexOf('\n'); at >= 0 && at < start; at = text.indexOf('\n', at + 1)) line++;
  return { message, field, line, start, end: Math.max(start, end) };
}

/** valibot's messages with a final stop; a missing field is told as such. */
function sentence(issue: v.BaseIssue<unknown>): string {
  if (issue.received === 'undefined') return `"${issue.path?.map(({ key }) => key as string | number).at(-1) ?? ''}" is missing.`;
  return /[.!?]$/.test(issue.message) ? issue.message : `${issue.message}.`;
}
