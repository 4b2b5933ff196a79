/** Labels from statistics for a whole dictionary: the job, its course and what came of it. Pure. */
import type { DictionarySummary, Params } from '../../../src/protocol/methods.ts';
import type { AutoLabels, LabellingProgress } from '../../../src/protocol/methods/labelResults.ts';
import { t } from '../../shared/strings.ts';
import type { Target } from './place.ts';
import { countText, scoreText, shareText } from './words.ts';

export const labellingJob = ({ dictionary }: DictionarySummary): string => `labels ${dictionary}`.slice(0, 500);

/** Undefined where there is no folder to keep labels in. */
export function labellingRequest({ labels, ...target }: Target): Params<'semantic.label.auto'> | undefined {
  return labels === undefined ? undefined : { ...target, labels, save: true, resume: true };
}

export function isLabellingProgress(value: unknown): value is LabellingProgress {
  return typeof value === 'object' && value !== null && typeof (value as Partial<LabellingProgress>).done === 'number' && typeof (value as Partial<LabellingProgress>).stage === 'string';
}

export function labellingText({ stage, done, of }: LabellingProgress): string {
  switch (stage) {
    case 'fit': return t('Reading texts to learn from: {0} of {1}', countText(done), countText(of));
    case 'heldOut': return t('Reading texts to test on: {0} of {1}', countText(done), countText(of));
    case 'labels': return t('Labelling features: {0} of {1}', countText(done), countText(of));
  }
}

/** What the labels are worth, each number beside its baseline; and how they fare where the truth is known. */
export function labellingOutcome({ saved, skipped, summary: { labelled, detection, wrongLabel, passed, identified } }: AutoLabels): string[] {
  return [
    t('{0} labels beat wrong labels by .2 and were saved ({1} of {2} made); {3} features fire too rarely.', countText(saved), shareText(passed), countText(labelled), countText(skipped)),
    t('Detection on held-out examples {0}, by wrong labels {1}.', scoreText(detection), scoreText(wrongLabel)),
    ...(identified === undefined || identified.features === 0 ? [] : [t('Of {0} features that ground truth identifies, {1} have such a label.', countText(identified.features), shareText(identified.passed))]),
  ];
}
