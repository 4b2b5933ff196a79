/** What the next prediction of a text owes to a feature: KL from the unchanged prediction when it is removed or clamped, as the semantic view shows it. */
import type { Dictionary } from '../../engine/dictionaries/dictionary.ts';
import { MechanistError } from '../../engine/errors.ts';
import { featureEffect as effectOf } from '../../semantic/steering/effect.ts';
import type { Effect } from '../../semantic/steering/effect.ts';
import { featureSource } from '../../semantic/store/source.ts';
import type { FeatureAction } from '../../semantic/steering/steer.ts';
import type { EvidenceMethod, Measurement, MethodContext } from '../method.ts';
import { nullOf } from '../numbers.ts';
import { featureIn } from './featureActivity.ts';

const text = { name: 'text', kind: 'text', description: 'One text; what follows it is predicted.' } as const;
const feature = { name: 'feature', type: 'integer', description: 'Index.' } as const;
const nulls = { name: 'nulls', type: 'integer', default: 20, description: 'Random directions.' } as const;

export const featureAblation: EvidenceMethod = {
  id: 'ablation.feature', version: 1, title: 'Feature ablation',
  summary: 'KL of the next-token prediction from the unchanged one when a feature is removed at every token of a text, beside random directions of the same norm.',
  models: 1, dictionary: true, inputs: [text], parameters: [feature, nulls],
  run: (context) => klOf(context, { kind: 'ablate' }),
};

export const featureClamp: EvidenceMethod = {
  id: 'steering.feature', version: 1, title: 'Feature steering',
  summary: 'KL of the next-token prediction from the unchanged one when a feature is set to a value, or something is added to it, at every token of a text, beside random directions of the same norm.',
  models: 1, dictionary: true, inputs: [text],
  parameters: [
    feature, { name: 'clamp', type: 'number', optional: true, description: 'Activation that it is set to.' },
    { name: 'add', type: 'number', optional: true, description: 'What is added to its activation. Give either this or clamp.' }, nulls,
  ],
  run: (context) => klOf(context, steeringOf(context)),
};

function steeringOf(context: MethodContext): FeatureAction {
  const [value, amount] = [context.number('clamp'), context.number('add')];
  if ((value === undefined) === (amount === undefined)) throw new MechanistError('argument', 'Give either the activation to clamp to, or what is added.', { field: 'parameters' });
  return value === undefined ? { kind: 'add', amount: amount! } : { kind: 'clamp', value };
}

async function klOf(context: MethodContext, action: FeatureAction): Promise<Measurement> {
  const [dictionary] = context.dictionaries as [Dictionary];
  const { model, runtime, tokenizer } = context.model;
  if (tokenizer === undefined) throw new MechanistError('unsupported', 'The model has no tokenizer, so it cannot read a text.', { file: model.source });
  const before = tokenizer.encode('').ids.length;
  const all = tokenizer.encode(context.text('text')!).ids;
  // A text longer than the context loses its beginning, as in the view.
  const ids = [...all.slice(0, before), ...all.slice(before).slice(-Math.max(1, (model.config?.nCtx ?? all.length) - before))];
  const count = Math.min(1000, Math.max(1, context.integer('nulls')!));
  const random: number[] = [];
  let value = 0;
  for (let i = 0; i < count; i++) {
    await context.step(i, count);
    const result = await finished(effectOf({
      model, runtime, source: featureSource(dictionary), ids, feature: featureIn(dictionary, context.integer('feature')!), action,
      positions: Array.from({ length: ids.length - before }, (_, at) => at + before), continuation: 0, temperature: 0, seed: context.seed + i, signal: context.signal,
    }));
    value = result.changed.kl;
    random.push(result.random.kl);
  }
  return { metric: 'KL of the next-token distribution from the unchanged one', unit: 'nats', value, control: nullOf('random directions of equal norm', random)! };
}

async function finished(steps: AsyncGenerator<void, Effect>): Promise<Effect> {
  for (;;) {
    const step = await steps.next();
    if (step.done === true) return step.value;
  }
}
