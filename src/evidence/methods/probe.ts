/** Probes: whether a property can be read off a hook point, and whether behaviour changes when it is erased there. */
import { Random } from '../../engine/random.ts';
import { f32 } from '../../engine/tensor.ts';
import { aurocInterval } from '../../semantic/groundTruth/auroc.ts';
import type { Examples } from '../../semantic/groundTruth/logistic.ts';
import { probeAuroc } from '../../semantic/groundTruth/probe.ts';
import { controlTask, positives } from '../../semantic/probes/control.ts';
import { probeExamples } from '../../semantic/probes/examples.ts';
import type { ProbeExamples } from '../../semantic/probes/examples.ts';
import { labelledExamples } from '../labels.ts';
import type { LabelledHalf } from '../labels.ts';
import type { EvidenceMethod, MethodContext, ParameterField } from '../method.ts';
import { metricPerPrompt } from '../../algorithmic/metricRuns.ts';
import { mean, meanInterval, nullOf } from '../numbers.ts';
import { pairGroups } from '../prompts.ts';
import { unit } from './featureEffect.ts';

const fields: readonly ParameterField[] = [
  { name: 'hook', type: 'text', description: 'Hook point, such as blocks.1.hook_resid_post.' },
  { name: 'variable', type: 'text', description: 'Variable of the file.' },
  { name: 'class', type: 'integer', default: 1, description: 'Class that is asked for.' },
  { name: 'examples', type: 'integer', default: 300, description: 'Tokens per answer, at most.' },
];

export const linearProbe: EvidenceMethod = {
  id: 'probe.linear', version: 1, title: 'Linear probe',
  summary: 'AUROC of a logistic probe on held-out contexts, beside its control task: random labels that each word keeps (Hewitt & Liang 2019).',
  models: 1, dictionary: false,
  inputs: [{ name: 'labelled', kind: 'labelled', description: 'Tokens with the class of each.' }],
  parameters: fields,
  async run(context) {
    const { train, test } = await probed(context);
    const auroc = scored(train, test);
    const control = scored(controlTask(train, context.seed), controlTask(test, context.seed));
    const [positive, negative] = answers(test);
    const [controlPositive, controlNegative] = answers(controlTask(test, context.seed));
    return {
      metric: 'AUROC', value: auroc, interval: aurocInterval(auroc, positive, negative),
      control: { name: 'control task', value: control, interval: aurocInterval(control, controlPositive, controlNegative) },
      measures: { gap: auroc - control },
    };
  },
};

export const directionErasure: EvidenceMethod = {
  id: 'direction.erasure', version: 1, title: 'Erasure',
  summary: 'What the logit difference of prompts loses when the direction between the class means is projected out everywhere, beside random directions; with what a fresh probe still finds.',
  models: 1, dictionary: false,
  inputs: [
    { name: 'labelled', kind: 'labelled', description: 'Tokens with the class of each.' },
    { name: 'pairs', kind: 'pairs', description: 'Prompt pairs; the clean prompts are run.' },
  ],
  parameters: [...fields, { name: 'other', type: 'text', optional: true, description: 'Another variable, class 1 of which must survive.' }, { name: 'nulls', type: 'integer', default: 20, description: 'Random directions.' }],
  async run(context) {
    const { train, test, width } = await probed(context);
    const direction = meanDifference(train, width);
    const hook = context.word('hook')!;
    const random = new Random(context.seed);
    const nulls = Array.from({ length: Math.min(1000, context.integer('nulls')!) }, () => unit(random, width));
    const groups = pairGroups(context, 'pairs');
    const effect = async (along: Float64Array): Promise<number[]> => {
      const lost: number[] = [];
      for (const { clean, metric } of groups) {
        const whole = await metricPerPrompt(context.model, { inputs: clean, metric, interventions: [] });
        const erased = await metricPerPrompt(context.model, { inputs: clean, metric, interventions: [{ hook, kind: 'project-out', value: f32([width], along) }] });
        lost.push(...whole.map((value, row) => value - erased[row]!));
      }
      return lost;
    };
    const own = await effect(direction);
    const others: number[] = [];
    for (const [i, along] of nulls.entries()) {
      await context.step(i, nulls.length);
      others.push(mean(await effect(along)));
    }
    const [before, after] = [scored(train, test), scored(erasedFrom(train, direction), erasedFrom(test, direction))];
    const other = context.word('other');
    const kept = other === undefined ? undefined : await survival(context, other, direction);
    const interval = meanInterval(own, context.seed);
    const control = nullOf('random directions', others);
    return {
      metric: 'loss of logit difference', unit: 'logits', value: mean(own), ...(interval && { interval }), ...(control && { control }),
      measures: { auroc_before: before, auroc_after: after, completeness: clamp01(1 - aboveChance(after) / Math.max(1e-9, aboveChance(before))), ...(kept === undefined ? {} : { selectivity: kept }) },
    };
  },
};

async function probed(context: MethodContext, variable = context.word('variable')!, wanted = context.integer('class')!): Promise<{ train: ProbeExamples; test: ProbeExamples; width: number }> {
  const { selection, heldOut } = labelledExamples(context.file('labelled'), variable, wanted);
  const [train, test] = [await examplesOf(context, selection, wanted, 0), await examplesOf(context, heldOut, wanted, 1)];
  return { train, test, width: train.d };
}

/** The tokens and vectors that `mechanist train-probe` draws for the same labels and seed. */
async function examplesOf(context: MethodContext, half: LabelledHalf, wanted: number, side: number): Promise<ProbeExamples> {
  const { model, runtime } = context.model;
  const reading = probeExamples({
    model, runtime, hook: context.word('hook')!, half, codes: half.codes, question: { name: `class ${wanted}`, classes: [wanted] },
    perAnswer: Math.min(10_000, context.integer('examples')!), seed: context.seed * 2 + side, signal: context.signal,
  });
  for (;;) {
    const step = await reading.next();
    if (step.done === true) return step.value;
    await context.step(step.value.done, step.value.of);
  }
}

function scored(train: ProbeExamples, test: ProbeExamples): number {
  return probeAuroc(train, train.context, test);
}

function answers({ y }: Examples): [number, number] {
  const positive = positives(y);
  return [positive, y.length - positive];
}

function meanDifference({ x, y, d }: Examples, width: number): Float64Array {
  const difference = new Float64Array(width);
  const [positive, negative] = answers({ x, y, d });
  y.forEach((label, i) => {
    for (let a = 0; a < d; a++) difference[a]! += x[i * d + a]! / (label === 1 ? positive : -negative);
  });
  const norm = Math.hypot(...difference);
  return difference.map((value) => value / norm);
}

function erasedFrom(examples: ProbeExamples, direction: Float64Array): ProbeExamples {
  const { d, x } = examples;
  const erased = x.slice();
  for (let at = 0; at < x.length; at += d) {
    let along = 0;
    for (let a = 0; a < d; a++) along += x[at + a]! * direction[a]!;
    for (let a = 0; a < d; a++) erased[at + a]! -= along * direction[a]!;
  }
  return { ...examples, x: erased };
}

/** How much of another property's decodability is left after the erasure, from 0 to 1. */
async function survival(context: MethodContext, variable: string, direction: Float64Array): Promise<number> {
  const { train, test } = await probed(context, variable, 1);
  const [before, after] = [scored(train, test), scored(erasedFrom(train, direction), erasedFrom(test, direction))];
  return clamp01(aboveChance(after) / Math.max(1e-9, aboveChance(before)));
}

const aboveChance = (auroc: number): number => Math.max(0, auroc - 0.5);
const clamp01 = (value: number): number => Math.min(1, Math.max(0, value));
