/**
 * The front matter of a finding, format `finding/1`, as a schema: the one source for the parser, the types and the JSON
 * Schema (`media/finding.schema.json`). Keys that are not listed are a person's own and are left alone. docs/findings.md
 * describes the format for people.
 */
import * as v from 'valibot';

export const formatName = 'finding/1';

export const findingKinds = ['behavioral', 'semantic', 'algorithmic', 'unified'] as const;
export type FindingKind = (typeof findingKinds)[number];

/** Categories of the taxonomy (labs reference §11): behavioural, A1–A4, B0–B2, U. */
export const approaches = [
  'behavioral', 'search', 'structural-probing', 'causal-probing', 'dictionary-learning', 'readout', 'knockout', 'patching', 'circuit-discovery', 'causal-abstraction',
] as const;
export type Approach = (typeof approaches)[number];

/** What the author says of the claim. What its evidence says is computed. */
export const statuses = ['open', 'accepted', 'refuted', 'withdrawn'] as const;
export type Status = (typeof statuses)[number];

export const verificationStates = ['confirmed', 'drifted', 'contradicted', 'not-runnable'] as const;
export type VerificationState = (typeof verificationStates)[number];

const line = (most: number) => v.pipe(v.string(), v.minLength(1), v.maxLength(most));
const identifier = v.pipe(v.string(), v.regex(/^[A-Za-z0-9][\w.-]{0,79}$/, 'Expected letters, digits, ".", "_" and "-", at most 80.'));
const hash = v.pipe(v.string(), v.regex(/^[0-9a-f]{16,64}$/, 'Expected 16 to 64 hexadecimal digits.'));
const finite = v.pipe(v.number(), v.finite());
const interval = v.pipe(v.tuple([finite, finite]), v.check(([low, high]) => low <= high, 'The lower end comes first.'));
const moment = v.pipe(v.string(), v.regex(/^\d{4}-\d{2}-\d{2}(?:T\d{2}:\d{2}(?::\d{2}(?:\.\d{1,3})?)?Z)?$/, 'Expected a date such as 2026-01-31 or 2026-01-31T12:00:00Z.'));
const uri = v.pipe(v.string(), v.regex(/^mechanist:/, 'Expected a link that begins with mechanist:.'), v.maxLength(1000));
const json = v.record(v.string(), v.unknown());

const controlSchema = v.object({
  /** What the value is compared with: "random heads", "shuffled labels", … */
  name: line(200),
  value: finite,
  interval: v.optional(interval),
});

const historySchema = v.object({ date: moment, state: v.picklist(verificationStates), value: v.optional(finite), reason: v.optional(line(1000)) });

export const evidenceSchema = v.object({
  id: identifier,
  /** Method and version: `ablation.head@1`. */
  method: v.pipe(v.string(), v.regex(/^[a-z][a-z0-9_]*(?:\.[a-z0-9_]+)+@[1-9]\d{0,3}$/, 'Expected a method with its version, such as ablation.head@1.')),
  date: moment,
  models: v.pipe(v.array(v.object({ id: line(300), hash })), v.minLength(1), v.maxLength(8)),
  dictionaries: v.optional(v.pipe(v.array(v.object({ model: line(300), id: line(300), hash })), v.maxLength(8)), []),
  /** Texts, tokens, or files beside the note with their hashes. */
  inputs: v.optional(json, {}),
  parameters: v.optional(json, {}),
  seed: v.optional(v.pipe(v.number(), v.integer(), v.minValue(0), v.maxValue(2 ** 32 - 1)), 0),
  metric: line(200),
  unit: v.optional(line(40)),
  value: finite,
  interval: v.optional(interval),
  control: v.optional(controlSchema),
  /** Further numbers of the same run: completeness, selectivity, held_out, rashomon, … */
  measures: v.optional(v.record(v.string(), finite), {}),
  /** Absolute difference up to which a new value confirms this one. */
  tolerance: v.optional(v.pipe(finite, v.minValue(0))),
  /** File beside the note, relative to it. */
  artefact: v.optional(v.pipe(line(300), v.check(isInside, 'Expected a path below the folder of the note.'))),
  history: v.optional(v.pipe(v.array(historySchema), v.maxLength(1000)), []),
});

export const findingSchema = v.object({
  mechanist: v.literal(formatName),
  id: identifier,
  title: line(300),
  claim: line(4000),
  kind: v.picklist(findingKinds),
  approach: v.optional(v.picklist(approaches)),
  status: v.optional(v.picklist(statuses), 'open'),
  /** The hypothesis was written down before the evidence was looked at. */
  prespecified: v.optional(v.boolean()),
  authors: v.optional(v.pipe(v.array(line(200)), v.maxLength(50)), []),
  subjects: v.optional(v.pipe(v.array(uri), v.maxLength(200)), []),
  assumptions: v.optional(v.pipe(v.array(v.object({ text: line(1000), checked: v.optional(v.boolean(), false) })), v.maxLength(50)), []),
  related: v.optional(v.pipe(v.array(identifier), v.maxLength(200)), []),
  evidence: v.optional(v.pipe(v.array(evidenceSchema), v.maxLength(500)), []),
});

export type Finding = v.InferOutput<typeof findingSchema>;
export type Evidence = v.InferOutput<typeof evidenceSchema>;
export type HistoryEntry = v.InferOutput<typeof historySchema>;
/** A record before it has a place in a note. */
export type EvidenceDraft = Omit<Evidence, 'id' | 'history'>;

/** Whether a relative path stays below the folder it starts in. */
export function isInside(path: string): boolean {
  return !/^[/\\]|^[A-Za-z]:|\0/.test(path) && !path.split(/[\\/]/).includes('..');
}
