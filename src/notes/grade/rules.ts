/**
 * The rules by which evidence is graded, as data (labs reference §11; Davies & Khakzar 2024). What each method can show, what
 * each grade asks, and which check would raise it. `grade.ts` applies them.
 */
import type { Approach } from '../format/schema.ts';

/** From weak to strong. */
export const grades = ['none', 'observed', 'decodable', 'selective', 'causal', 'established'] as const;
export type Grade = (typeof grades)[number];

export const gradeNames: Readonly<Record<Grade, string>> = {
  none: 'no evidence', observed: 'observed', decodable: 'decodable', selective: 'decodable with selectivity', causal: 'causal',
  established: 'causal, sufficient, necessary and better than the null',
};

/** What can be shown of a claim. */
export type Facet =
  | 'observed' | 'decodable' | 'selective' | 'causal'
  /** Behaviour suffers without it; behaviour returns with it alone. */
  | 'necessary' | 'sufficient'
  /** The intervention removed the property entirely, and nothing but it. */
  | 'complete' | 'contained'
  | 'held-out'
  /** Another circuit was looked for; and none was as good. */
  | 'alternatives-tried' | 'unique'
  /** An interchange or an ablation of the very part that both descriptions are about. */
  | 'unifying';

export interface MethodRule {
  readonly approach: Approach;
  /** What a value beyond its control shows. */
  readonly shows: readonly Facet[];
  /**
   * The value of no effect. Strength is the distance from it; above it lie harm to the behaviour (of what shows necessity) and its
   * return (of what shows sufficiency): an effect below it is causal and neither.
   */
  readonly neutral: number;
  /** Strength below which a sufficiency is not claimed, in the method's unit. */
  readonly least?: number;
}

/** By method, without version. A method that is not listed shows what it observed. */
export const methodRules: Readonly<Record<string, MethodRule>> = {
  'prediction.logit_difference': { approach: 'behavioral', shows: ['observed'], neutral: 0 },
  'prediction.surprise': { approach: 'behavioral', shows: ['observed'], neutral: 0 },
  'lens.target': { approach: 'readout', shows: ['observed'], neutral: 0 },
  'attention.head_score': { approach: 'readout', shows: ['observed'], neutral: 0 },
  'attribution.direct': { approach: 'readout', shows: ['observed'], neutral: 0 },
  'feature.statistics': { approach: 'search', shows: ['observed'], neutral: 0 },
  'feature.auroc': { approach: 'dictionary-learning', shows: ['observed', 'decodable'], neutral: 0.5 },
  'feature.match': { approach: 'dictionary-learning', shows: ['observed'], neutral: 0 },
  'probe.linear': { approach: 'structural-probing', shows: ['observed', 'decodable', 'selective'], neutral: 0.5 },
  'ablation.head': { approach: 'knockout', shows: ['observed', 'causal', 'necessary', 'unifying'], neutral: 0 },
  'feature.effect': { approach: 'causal-probing', shows: ['observed', 'causal', 'necessary', 'unifying'], neutral: 0 },
  'ablation.feature': { approach: 'causal-probing', shows: ['observed', 'causal', 'necessary', 'unifying'], neutral: 0 },
  'steering.feature': { approach: 'causal-probing', shows: ['observed', 'causal'], neutral: 0 },
  'direction.erasure': { approach: 'causal-probing', shows: ['observed', 'causal', 'necessary', 'unifying'], neutral: 0 },
  'patching.activation': { approach: 'patching', shows: ['observed', 'causal', 'sufficient'], neutral: 0, least: 0.5 },
  'patching.noising': { approach: 'patching', shows: ['observed', 'causal', 'necessary'], neutral: 0 },
  'ablation.activation': { approach: 'knockout', shows: ['observed', 'causal', 'necessary', 'unifying'], neutral: 0 },
  'graph.attribution': { approach: 'circuit-discovery', shows: ['observed'], neutral: 0 },
  'graph.intervention': { approach: 'knockout', shows: ['observed', 'causal'], neutral: 0 },
  'interchange.activation': { approach: 'causal-abstraction', shows: ['observed', 'causal', 'unifying'], neutral: 0 },
  'circuit.faithfulness': { approach: 'circuit-discovery', shows: ['observed', 'causal', 'sufficient'], neutral: 0, least: 0.5 },
};

/** Facets that a record's further measures show, and from which value on. */
export const measureRules: readonly { readonly measure: string; readonly facet: Facet; readonly least: number }[] = [
  { measure: 'necessity', facet: 'necessary', least: 0.5 },
  { measure: 'completeness', facet: 'complete', least: 0.5 },
  { measure: 'selectivity', facet: 'contained', least: 0.5 },
  { measure: 'held_out', facet: 'held-out', least: 0.5 },
];

/** A measure `rashomon` is the faithfulness of the best circuit that differs; from this share of the circuit's own on, it is not unique. */
export const rashomonShare = 0.9;

export interface Requirement {
  readonly grade: Exclude<Grade, 'none'>;
  /** Facets of which one suffices. */
  readonly anyOf: readonly Facet[];
  /** Asked only of evidence reached by these approaches; of all when absent. */
  readonly approaches?: readonly Approach[];
  readonly met: string;
  /** What would meet it. */
  readonly missing: string;
}

export const requirements: readonly Requirement[] = [
  { grade: 'observed', anyOf: ['observed'], met: 'Something was measured and can be measured again.', missing: 'Measure something: pin a result, or run `mechanist evidence`.' },
  { grade: 'decodable', anyOf: ['decodable', 'causal'], met: 'The property can be read off.', missing: 'Show that the property can be read off: a probe or the AUROC of a feature on labels, beyond chance.' },
  { grade: 'selective', anyOf: ['selective', 'causal'], met: 'The probe does better than on its control task.', missing: 'Run the probe with its control task (random labels per word): selectivity.' },
  { grade: 'causal', anyOf: ['causal'], met: 'An intervention changes behaviour more than its null does.', missing: 'Intervene: ablate, patch, erase or clamp it, beside a random component or direction.' },
  { grade: 'established', anyOf: ['necessary'], met: 'Necessary: behaviour suffers without it.', missing: 'Show necessity: ablate it (for a circuit, run its complement).' },
  { grade: 'established', anyOf: ['sufficient'], met: 'Sufficient: it restores most of the behaviour.', missing: 'Show sufficiency: patch it into the corrupted run, or run the circuit alone.' },
  { grade: 'established', anyOf: ['complete'], approaches: ['causal-probing'], met: 'Complete: a fresh probe no longer finds the property.', missing: 'Show completeness: a fresh probe after the intervention.' },
  { grade: 'established', anyOf: ['contained'], approaches: ['causal-probing'], met: 'Selective: another property is still there.', missing: 'Show selectivity of the intervention: another property must still be decodable.' },
  { grade: 'established', anyOf: ['held-out'], approaches: ['circuit-discovery'], met: 'Holds on prompts that it was not found on.', missing: 'Measure the circuit on held-out prompts.' },
  { grade: 'established', anyOf: ['alternatives-tried'], approaches: ['circuit-discovery'], met: 'Another circuit was looked for (Rashomon check).', missing: 'Run the Rashomon check: forbid the strongest edges and see how good the next circuit is.' },
];

/** Said beside a grade when the condition holds. Labs reference §11.6. */
export const cautions: readonly { readonly when: { readonly has?: Facet; readonly lacks?: Facet; readonly approach?: Approach }; readonly text: string }[] = [
  { when: { has: 'decodable', lacks: 'causal', approach: 'structural-probing' }, text: 'Decodable, not shown to be used.' },
  { when: { lacks: 'decodable', approach: 'search' }, text: 'Examples were looked at, but no label was scored.' },
  { when: { has: 'causal', lacks: 'alternatives-tried' }, text: 'Other explanations with the same effect were not looked for (Rashomon).' },
  { when: { approach: 'circuit-discovery' }, text: 'Only the chosen kind of part was tried: heads, features or edges.' },
];

/** Which method can show a facet about a kind of subject: what "run the missing check" offers. */
export const checksFor: Readonly<Partial<Record<Facet, Readonly<Record<string, string>>>>> = {
  causal: { feature: 'feature.effect', component: 'ablation.head', direction: 'direction.erasure', circuit: 'circuit.faithfulness' },
  necessary: { feature: 'feature.effect', component: 'ablation.head', direction: 'direction.erasure' },
  sufficient: { component: 'patching.activation', circuit: 'circuit.faithfulness' },
  decodable: { feature: 'feature.auroc', component: 'probe.linear', direction: 'probe.linear' },
  selective: { component: 'probe.linear', direction: 'probe.linear' },
  unique: { circuit: 'circuit.faithfulness' },
  unifying: { feature: 'interchange.activation', component: 'interchange.activation' },
};
