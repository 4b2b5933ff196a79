/** `semantic.label.tests`, `.score` and `.write`: labels in words, scored on held-out examples by whoever answers the questions. */
import { MechanistError } from '../../../engine/errors.ts';
import { Random } from '../../../engine/random.ts';
import { heldOutItems, labelTests as labelTestsOf, tooFew } from '../../../semantic/features/labelTests.ts';
import type { FeatureTable } from '../../../semantic/features/table.ts';
import type { Evidence } from '../../../semantic/labels/evidence.ts';
import { testItems } from '../../../semantic/labels/items.ts';
import type { TestItem } from '../../../semantic/labels/items.ts';
import { judgements } from '../../../semantic/labels/judge.ts';
import { labelPath, readLabels } from '../../../semantic/labels/labelFile.ts';
import type { FeatureLabel } from '../../../semantic/labels/labelFile.ts';
import { readRule } from '../../../semantic/labels/rule.ts';
import { judgeByRule, scoreLabel } from '../../../semantic/labels/score.ts';
import { writingStep } from '../../../semantic/labels/written.ts';
import type { ParsedParams } from '../../../protocol/methods.ts';
import type { LabelScore, LabelTests, WritingStep } from '../../../protocol/methods/labelResults.ts';
import type { Job } from '../../scheduler.ts';
import type { Session } from '../../session.ts';
import { contextOf, tableOf } from './context.ts';
import type { FeatureContext } from './context.ts';
import { evidenceOf } from './evidence.ts';
import { requireFeature, saveLabels } from './labels.ts';

export async function* labelTests(session: Session, params: ParsedParams<'semantic.label.tests'>, signal: AbortSignal): Job<LabelTests> {
  const context = contextOf(session, params);
  requireFeature(context, params.feature);
  const table = await tableOf(context, params.store, params.labels);
  const heldOut = yield* evidenceOf(context, table.store, 'heldOut', signal);
  const { wrong, detection, fuzzing, examples } = labelTestsOf(table, heldOut, params, plainText(context));
  const asked = (passages: readonly string[]): LabelTests['detection'] => passages.map((text) => ({ text }));
  return { label: table.labels.get(params.feature)?.label, wrong, detection: asked(detection), fuzzing: asked(fuzzing), examples };
}

export async function* labelWrite(session: Session, params: ParsedParams<'semantic.label.write'>, signal: AbortSignal): Job<WritingStep> {
  const context = contextOf(session, params);
  requireFeature(context, params.feature);
  const table = await tableOf(context, params.store, params.labels);
  const heldOut = yield* evidenceOf(context, table.store, 'heldOut', signal);
  const { items, wrong, ...tests } = labelTestsOf(table, heldOut, params, plainText(context));
  if (wrong === undefined) throw new MechanistError('argument', 'There is no other feature whose label this one could be compared with.');
  const step = writingStep({ ...tests, wrong: wrong.label }, params.label, params.replies);
  if (step.kind === 'ask') return step;
  return { ...step, wrong: wrong.label, score: judgeScore(items, step.answers, params) };
}

export async function* labelScore(session: Session, params: ParsedParams<'semantic.label.score'>, signal: AbortSignal): Job<LabelScore> {
  const context = contextOf(session, params);
  requireFeature(context, params.feature);
  const table = await tableOf(context, params.store, params.labels);
  const label = table.labels.get(params.feature);
  if (label === undefined) throw new MechanistError('argument', 'The feature has no label to score.', { field: `feature ${params.feature}` });
  const heldOut = yield* evidenceOf(context, table.store, 'heldOut', signal);
  const score = params.answers === undefined ? ruleScore(table, heldOut, label, params) : judgeScore(heldOutItems(heldOut, params.feature, params.seed), params.answers, params);
  if (params.labels !== undefined) {
    const file = labelPath(params.labels, context.about);
    const labels = new Map(await readLabels(file, context.about));
    labels.set(params.feature, { ...label, score });
    saveLabels(file, context, labels);
  }
  return score;
}

function ruleScore(table: FeatureTable, heldOut: Evidence, { rule }: FeatureLabel, { feature, seed }: ParsedParams<'semantic.label.score'>): LabelScore {
  if (rule === undefined) throw new MechanistError('argument', 'A label in words is scored by a judge: ask it the tests of semantic.label.tests and give its answers.', { field: 'answers' });
  const items = testItems(heldOut, feature, seed) ?? tooFew();
  const others = [...table.labels].filter(([other, label]) => other !== feature && label.rule !== undefined).map(([, label]) => label.rule!);
  const random = new Random(seed);
  const wrong = Array.from({ length: others.length === 0 ? 0 : 5 }, () => judgeByRule(readRule(others[random.integer(others.length)]!), items, heldOut.corpus));
  return scoreLabel(items, judgeByRule(readRule(rule), items, heldOut.corpus), wrong, seed);
}

interface Answers {
  readonly label: readonly number[];
  readonly wrong: readonly number[];
  readonly empty?: readonly number[] | undefined;
}

function judgeScore(items: readonly TestItem[], { label, wrong, empty }: Answers, { seed }: { readonly seed: number }): LabelScore {
  const read = (answers: readonly number[], field: string): ReturnType<typeof judgements> => {
    if (answers.length !== 2 * items.length) throw new MechanistError('argument', `Expected ${2 * items.length} answers (detection, then fuzzing), got ${answers.length}.`, { field: `answers.${field}` });
    return judgements(answers, items.length);
  };
  return scoreLabel(items, read(label, 'label'), [read(wrong, 'wrong')], seed, empty === undefined ? undefined : read(empty, 'empty'));
}

/** Text of single tokens as it stands in a document. */
function plainText({ open }: FeatureContext): (id: number) => string {
  return (id) => (id < open.tokenizer.vocabSize ? open.tokenizer.decode([id]) : '');
}
