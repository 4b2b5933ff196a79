/** How good the labels from statistics are, as JSON and as a page. */
import { identifiedFrom } from '../../src/semantic/store/truth.ts';
import type { LabelSummary } from '../../src/semantic/labels/auto.ts';
import { fewestFirings, wrongLabels } from '../../src/semantic/labels/auto.ts';
import { corpusSize } from './corpus.ts';
import { margin } from './labels.ts';

export interface StoreLabels extends LabelSummary {
  readonly dictionary: string;
  readonly features: number;
}

export function labelsJson(model: string, modelHash: string, rows: readonly StoreLabels[]): string {
  return `${JSON.stringify({ model, modelHash, command: `npm run zoo:features -- ${model}`, corpus: corpusSize, margin, identifiedFrom, rows, total: total(rows) }, undefined, 1)}\n`;
}

export function labelsMarkdown(model: string, rows: readonly StoreLabels[]): string {
  const percent = (share: number): string => `${Math.round(100 * share)} %`;
  const line = ({ dictionary, labelled, detection, wrongLabel, passed, identified }: Omit<StoreLabels, 'features'>): string =>
    `| ${dictionary} | ${labelled} | ${detection.toFixed(3)} | ${wrongLabel.toFixed(3)} | ${percent(passed)} | ${identified === undefined || identified.features === 0 ? '– | –' : `${identified.features} | ${percent(identified.passed)}`} |`;
  return [
    `# Labels of ${model} from statistics alone`,
    '',
    `\`npm run zoo:features -- ${model}\`. No language model: a label is a rule about a token and those before it, or about how many such tokens a passage has, learned on ${corpusSize.harvested} contexts of 128 tokens from where a feature fires and scored on ${corpusSize.heldOut} held-out ones, with templates and combinations that nothing was trained on.`,
    '',
    `Detection is the balanced accuracy on windows of 32 tokens (16 or 8 where a feature is hardly ever silent for longer), those with the feature from ten bins of equal count, those without at random; 0.5 is chance. The wrong label is the mean over the rules of ${wrongLabels} other features on the same windows. Features that fire fewer than ${fewestFirings} times on the harvested or 10 times on the held-out text have no label. Ground truth identifies a feature when it tells some variable with AUROC ≥ ${identifiedFrom} on both texts; of these, a feature without a label counts as failed.`,
    '',
    `| dictionary | labels | detection | wrong label | beat it by ${margin} | identified by ground truth | of these, beat it by ${margin} |`,
    '|---|---|---|---|---|---|---|',
    ...rows.map(line),
    line({ dictionary: '**all**', ...total(rows) }),
    '',
  ].join('\n');
}

function total(rows: readonly StoreLabels[]): LabelSummary {
  const labelled = rows.reduce((sum, row) => sum + row.labelled, 0);
  const weighted = (of: (row: StoreLabels) => number): number => rows.reduce((sum, row) => sum + row.labelled * of(row), 0) / Math.max(1, labelled);
  const features = rows.reduce((sum, { identified }) => sum + (identified?.features ?? 0), 0);
  return {
    labelled, detection: weighted((row) => row.detection), wrongLabel: weighted((row) => row.wrongLabel), passed: weighted((row) => row.passed),
    identified: { features, passed: rows.reduce((sum, { identified }) => sum + (identified === undefined ? 0 : identified.features * identified.passed), 0) / Math.max(1, features) },
  };
}
