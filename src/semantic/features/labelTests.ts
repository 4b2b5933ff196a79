/** What a label in words is tested with: passages of the held-out contexts, the label of another feature, and examples for whoever writes one. */
import { MechanistError } from '../../engine/errors.ts';
import { Random } from '../../engine/random.ts';
import type { Evidence } from '../labels/evidence.ts';
import type { TestItem } from '../labels/items.ts';
import { itemText, judgeItems, labellingExamples } from '../labels/judge.ts';
import type { FeatureTable } from './table.ts';

export interface LabelTests {
  readonly items: readonly TestItem[];
  /** Texts of the items, unmarked and with marks. */
  readonly detection: readonly string[];
  readonly fuzzing: readonly string[];
  readonly examples: readonly string[];
  /** A label by somebody, in the absence of labels what the feature's tokens are; undefined for the only feature. */
  readonly wrong: { readonly feature: number; readonly label: string } | undefined;
}

/** `text`: of single tokens, as it stands in a document. Errors: `argument` for a feature that fires too rarely. */
export function labelTests(table: FeatureTable, heldOut: Evidence, { feature, seed }: { readonly feature: number; readonly seed: number }, text: (id: number) => string): LabelTests {
  const items = heldOutItems(heldOut, feature, seed);
  const { ids } = table.store.corpus;
  return {
    items, wrong: wrongLabel(table, feature, seed), examples: labellingExamples(table.store, feature, text),
    detection: items.map((item) => itemText(item, ids, text, false)), fuzzing: items.map((item) => itemText(item, ids, text, true)),
  };
}

/** Errors: `argument` for a feature that fires too rarely. */
export function heldOutItems(heldOut: Evidence, feature: number, seed: number): TestItem[] {
  return judgeItems(heldOut, feature, seed) ?? tooFew();
}

export function tooFew(): never {
  throw new MechanistError('argument', 'The feature fires too rarely on the held-out examples to score a label.', { hint: 'Harvest more text.' });
}

function wrongLabel(table: FeatureTable, feature: number, seed: number): LabelTests['wrong'] {
  const random = new Random(seed + feature);
  const labelled = [...table.labels.keys()].filter((other) => other !== feature && table.store.isAlive(other));
  const candidates = labelled.length > 0 ? labelled : Array.from(table.store.aliveFeatures()).filter((other) => other !== feature);
  const other = candidates[random.integer(candidates.length)];
  return other === undefined ? undefined : { feature: other, label: table.labels.get(other)?.label ?? `on ${table.topTokens(other).map((token) => `“${token}”`).join(', ')}` };
}
