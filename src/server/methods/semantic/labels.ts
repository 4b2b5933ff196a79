/** `semantic.label.*`: labels by hand, from statistics and by a judge, all scored on held-out examples. */
import { mkdirSync } from 'node:fs';
import { dirname } from 'node:path';
import { MechanistError } from '../../../engine/errors.ts';
import { Random } from '../../../engine/random.ts';
import type { FeatureTable } from '../../../semantic/features/table.ts';
import { autoLabels, beatsBaseline, summarizeLabels } from '../../../semantic/labels/auto.ts';
import type { AutoLabel } from '../../../semantic/labels/auto.ts';
import type { Evidence } from '../../../semantic/labels/evidence.ts';
import { judgeItems, judgements, itemText, labellingExamples } from '../../../semantic/labels/judge.ts';
import { testItems } from '../../../semantic/labels/items.ts';
import { labelPath, readLabels, writeLabels } from '../../../semantic/labels/labelFile.ts';
import type { FeatureLabel, Labels } from '../../../semantic/labels/labelFile.ts';
import { readRule } from '../../../semantic/labels/rule.ts';
import { judgeByRule, scoreLabel } from '../../../semantic/labels/score.ts';
import type { ParsedParams } from '../../../protocol/methods.ts';
import type { AutoLabels, FeatureLabel as ShownLabel, LabelScore, LabelTests } from '../../../protocol/methods/semanticResults.ts';
import type { Job } from '../../scheduler.ts';
import type { Session } from '../../session.ts';
import { contextOf, tableOf, tokenNames } from './context.ts';
import type { FeatureContext } from './context.ts';
import { evidenceOf } from './evidence.ts';

export async function* labelSet(session: Session, params: ParsedParams<'semantic.label.set'>): Job<ShownLabel | null> {
  const context = contextOf(session, params);
  requireFeature(context, params.feature);
  const file = labelPath(params.labels, context.about);
  const labels = new Map(await readLabels(file, context.about));
  yield undefined;
  const text = params.label?.trim() ?? '';
  if (text === '') labels.delete(params.feature);
  else labels.set(params.feature, { label: text, author: params.author, ...(params.writer === undefined ? {} : { model: params.writer }) });
  save(file, context, labels);
  return labels.get(params.feature) ?? null;
}

export async function* labelAuto(session: Session, params: ParsedParams<'semantic.label.auto'>, signal: AbortSignal): Job<AutoLabels> {
  const context = contextOf(session, params);
  const table = await tableOf(context, params.store, params.labels);
  const { store } = table;
  const fit = yield* evidenceOf(context, store, 'fit', signal);
  const heldOut = yield* evidenceOf(context, store, 'heldOut', signal);
  const pool = Array.from(store.aliveFeatures());
  const features = (params.features ?? pool).filter((feature) => store.isAlive(feature));
  const steps = autoLabels(fit, heldOut, features, tokenNames(context.open), 0, signal, pool);
  let labels: AutoLabel[];
  for (;;) {
    context.open.requireOpen();
    const step = steps.next();
    if (step.done === true) {
      labels = step.value;
      break;
    }
    yield { stage: 'labels', done: step.value, of: features.length };
  }
  const passed = labels.filter((label) => beatsBaseline(label, params.margin));
  return {
    labels: labels.map(({ feature, label }) => {
      const [truth] = table.truths(feature);
      return { feature, label, ...(truth === undefined ? {} : { truth }) };
    }),
    skipped: features.length - labels.length,
    saved: params.save ? await saveAuto(context, params.labels, passed) : 0,
    summary: summarizeLabels(store, heldOut, features, labels, params.margin),
  };
}

export async function* labelTests(session: Session, params: ParsedParams<'semantic.label.tests'>, signal: AbortSignal): Job<LabelTests> {
  const context = contextOf(session, params);
  requireFeature(context, params.feature);
  const table = await tableOf(context, params.store, params.labels);
  const heldOut = yield* evidenceOf(context, table.store, 'heldOut', signal);
  const items = judgeItems(heldOut, params.feature, params.seed) ?? tooFew();
  const text = plainText(context);
  const { ids } = table.store.corpus;
  return {
    label: table.labels.get(params.feature)?.label,
    wrong: wrongLabel(table, params.feature, params.seed),
    detection: items.map((item) => ({ text: itemText(item, ids, text, false) })),
    fuzzing: items.map((item) => ({ text: itemText(item, ids, text, true) })),
    examples: labellingExamples(table.store, params.feature, text),
  };
}

export async function* labelScore(session: Session, params: ParsedParams<'semantic.label.score'>, signal: AbortSignal): Job<LabelScore> {
  const context = contextOf(session, params);
  requireFeature(context, params.feature);
  const table = await tableOf(context, params.store, params.labels);
  const label = table.labels.get(params.feature);
  if (label === undefined) throw new MechanistError('argument', 'The feature has no label to score.', { field: `feature ${params.feature}` });
  const heldOut = yield* evidenceOf(context, table.store, 'heldOut', signal);
  const score = params.answers === undefined ? ruleScore(table, heldOut, label, params) : judgeScore(heldOut, params.answers, params);
  if (params.labels !== undefined) {
    const file = labelPath(params.labels, context.about);
    const labels = new Map(await readLabels(file, context.about));
    labels.set(params.feature, { ...label, score });
    save(file, context, labels);
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

function judgeScore(heldOut: Evidence, { label, wrong, empty }: NonNullable<ParsedParams<'semantic.label.score'>['answers']>, { feature, seed }: ParsedParams<'semantic.label.score'>): LabelScore {
  const items = judgeItems(heldOut, feature, seed) ?? tooFew();
  const read = (answers: readonly number[], field: string): ReturnType<typeof judgements> => {
    if (answers.length !== 2 * items.length) throw new MechanistError('argument', `Expected ${2 * items.length} answers (detection, then fuzzing), got ${answers.length}.`, { field: `answers.${field}` });
    return judgements(answers, items.length);
  };
  return scoreLabel(items, read(label, 'label'), [read(wrong, 'wrong')], seed, empty === undefined ? undefined : read(empty, 'empty'));
}

/** The label of another feature, in the absence of labels what its tokens are. */
function wrongLabel(table: FeatureTable, feature: number, seed: number): LabelTests['wrong'] {
  const random = new Random(seed + feature);
  const labelled = [...table.labels.keys()].filter((other) => other !== feature && table.store.isAlive(other));
  const candidates = labelled.length > 0 ? labelled : Array.from(table.store.aliveFeatures()).filter((other) => other !== feature);
  const other = candidates[random.integer(candidates.length)];
  return other === undefined ? undefined : { feature: other, label: table.labels.get(other)?.label ?? `on ${table.topTokens(other).map((token) => `“${token}”`).join(', ')}` };
}

/** Labels of people and of language models stay. */
async function saveAuto(context: FeatureContext, folder: string | undefined, labels: readonly AutoLabel[]): Promise<number> {
  if (folder === undefined) throw new MechanistError('argument', 'Name the folder that labels are saved in.', { field: 'labels' });
  const file = labelPath(folder, context.about);
  const known = new Map(await readLabels(file, context.about));
  let saved = 0;
  for (const { feature, label } of labels) {
    if ((known.get(feature)?.author ?? 'statistics') !== 'statistics') continue;
    known.set(feature, label);
    saved++;
  }
  save(file, context, known);
  return saved;
}

function save(file: string, { about }: FeatureContext, labels: Labels): void {
  mkdirSync(dirname(file), { recursive: true });
  writeLabels(file, about, labels);
}

function requireFeature({ source }: FeatureContext, feature: number): void {
  if (feature >= source.latents) throw new MechanistError('argument', `The dictionary has features 0 to ${source.latents - 1}.`, { field: `feature ${feature}` });
}

function tooFew(): never {
  throw new MechanistError('argument', 'The feature fires too rarely on the held-out examples to score a label.', { hint: 'Harvest more text.' });
}

/** Text of single tokens as it stands in a document. */
function plainText({ open }: FeatureContext): (id: number) => string {
  return (id) => (id < open.tokenizer.vocabSize ? open.tokenizer.decode([id]) : '');
}
