/** Requests of findings: methods whose results can be measured again, measuring, and verifying what a note records. */
import * as v from 'valibot';

const identifier = v.pipe(v.string(), v.minLength(1), v.maxLength(500));
const path = v.pipe(v.string(), v.minLength(1), v.maxLength(4096));
const json = v.record(v.string(), v.unknown());
/** Folder of the note, for inputs that are files beside it. */
const folder = v.optional(path);
const seed = v.optional(v.pipe(v.number(), v.integer(), v.minValue(0), v.maxValue(2 ** 32 - 1)), 0);

export const findingsSchemas = {
  'findings.methods': v.object({}),
  /** Models and dictionaries by their names in subject URIs; models that are not open are opened when they are bundled. */
  'findings.run': v.object({
    method: identifier, models: v.pipe(v.array(identifier), v.minLength(1), v.maxLength(2)), dictionaries: v.optional(v.pipe(v.array(identifier), v.maxLength(2)), []),
    inputs: v.optional(json, {}), parameters: v.optional(json, {}), seed, folder,
  }),
  /** `record`: an evidence record as the front matter of a note holds it. */
  'findings.verify': v.object({ record: json, folder }),
  /** What the evidence of open models and of bundled ones would be measured on now. */
  'findings.identities': v.object({ models: v.pipe(v.array(identifier), v.maxLength(32)) }),
} as const;

/** Extended by the table of results. */
export interface FindingsResults {
  'findings.methods': readonly EvidenceMethodSummary[];
  'findings.run': MeasuredEvidence;
  'findings.verify': EvidenceVerification;
  'findings.identities': readonly ModelIdentity[];
}

export interface EvidenceMethodSummary {
  /** `id@version`. */
  readonly method: string;
  readonly title: string;
  readonly summary: string;
  readonly models: 1 | 2;
  readonly dictionary: boolean;
  readonly inputs: readonly { readonly name: string; readonly kind: 'text' | 'pairs' | 'labelled'; readonly optional?: boolean; readonly description: string }[];
  readonly parameters: readonly {
    readonly name: string; readonly type: 'integer' | 'number' | 'text' | 'texts'; readonly choices?: readonly string[]; readonly default?: number | string | readonly string[];
    readonly optional?: boolean; readonly description: string;
  }[];
}

/** A record without id and history: what is pinned. */
export interface MeasuredEvidence {
  readonly method: string;
  readonly date: string;
  readonly models: { readonly id: string; readonly hash: string }[];
  readonly dictionaries: { readonly model: string; readonly id: string; readonly hash: string }[];
  readonly inputs: Record<string, unknown>;
  readonly parameters: Record<string, unknown>;
  readonly seed: number;
  readonly metric: string;
  readonly unit?: string | undefined;
  readonly value: number;
  readonly interval?: [number, number] | undefined;
  readonly control?: { readonly name: string; readonly value: number; readonly interval?: [number, number] | undefined } | undefined;
  readonly measures: Record<string, number>;
  readonly tolerance?: number | undefined;
}

export interface EvidenceVerification {
  readonly state: 'confirmed' | 'drifted' | 'contradicted' | 'not-runnable';
  readonly reason: string;
  readonly found: MeasuredEvidence | undefined;
}

export interface ModelIdentity {
  readonly id: string;
  readonly hash: string;
  readonly dictionaries: readonly { readonly id: string; readonly hash: string }[];
}
