/** Whether behaviour follows a part of the model: its value is exchanged between the prompts of pairs, in both directions. */
import { MechanistError } from '../../engine/errors.ts';
import { Random } from '../../engine/random.ts';
import { interchange, interchangeAlong } from '../../unified/interchange.ts';
import type { Exchange, Exchanged, Part } from '../../unified/interchange.ts';
import type { EvidenceMethod, MethodContext } from '../method.ts';
import { mean, meanInterval, nullOf } from '../numbers.ts';
import { pairGroups } from '../prompts.ts';
import { featureIn } from './featureActivity.ts';
import { unit } from './featureEffect.ts';
import { configOf } from './heads.ts';

export const interchangeAccuracy: EvidenceMethod = {
  id: 'interchange.activation', version: 1, title: 'Interchange intervention',
  summary: 'How often the answer follows when a component, or a feature of it, takes the value that it has on the other prompt of a pair, beside other components of its kind, or random directions of the same norm.',
  models: 1, dictionary: 'optional',
  inputs: [{ name: 'pairs', kind: 'pairs', description: 'Prompt pairs with different answers; each is taken in both directions.' }],
  parameters: [
    { name: 'hook', type: 'text', optional: true, description: 'Hook point of a layer, such as blocks.2.attn.hook_z. With a dictionary its own is meant.' },
    { name: 'head', type: 'integer', optional: true, description: 'Only this head.' },
    { name: 'position', type: 'integer', optional: true, description: 'Only this position; from the end if negative.' },
    { name: 'feature', type: 'integer', optional: true, description: 'Only what this feature of the dictionary adds.' },
    { name: 'nulls', type: 'integer', default: 20, description: 'Other components, or random directions, at most.' },
  ],
  async run(context) {
    const part = partOf(context);
    const exchanges = pairGroups(context, 'pairs').flatMap(({ clean, corrupted, metric }): Exchange[] => [{ base: corrupted, source: clean, metric }, { base: clean, source: corrupted, metric }]);
    const nulls = nullsOf(context, part);
    const steps = exchanges.length * (1 + nulls.length);
    const [own, moved]: [number[], number[]] = [[], []];
    const others: number[][] = nulls.map(() => []);
    let asked = 0;
    let done = 0;
    for (const exchange of exchanges) {
      await context.step(done++, steps);
      const found = await interchange(context.model, exchange, part);
      asked += found.base.length;
      own.push(...follows(found));
      moved.push(...sharesOf(found));
      for (const [n, null_] of nulls.entries()) {
        await context.step(done++, steps);
        others[n]!.push(...follows({ ...found, after: await null_(exchange) }));
      }
    }
    if (own.length === 0) throw new MechanistError('argument', 'The model gives both prompts of each pair the same answer, so there is nothing to follow.', { field: 'pairs' });
    const interval = meanInterval(own, context.seed);
    const control = nullOf(part.kind === 'feature' ? 'random directions of the same norm' : 'other components of its kind', others.map(mean));
    return { metric: 'interchange accuracy', value: mean(own), ...(interval && { interval }), ...(control && { control }), measures: { exchanges: own.length, of: asked, moved: mean(moved) } };
  },
};

/** Of the rows that base and source answer differently, 1 where the answer is the source's after the exchange. */
export function follows({ base, source, after }: Exchanged): number[] {
  return base.flatMap((value, row) => (value > 0 === source[row]! > 0 ? [] : [after[row]! > 0 === source[row]! > 0 ? 1 : 0]));
}

/** How far each of these rows went from the base's metric to the source's. */
function sharesOf({ base, source, after }: Exchanged): number[] {
  return base.flatMap((value, row) => (value > 0 === source[row]! > 0 ? [] : [(after[row]! - value) / (source[row]! - value)]));
}

/** Errors: `argument` for a request that names no place, or one that is not there. */
function partOf(context: MethodContext): Part {
  const [dictionary] = context.dictionaries;
  const feature = context.integer('feature');
  if (dictionary !== undefined || feature !== undefined) {
    if (dictionary === undefined || feature === undefined) throw new MechanistError('argument', 'A feature is named by its dictionary and its index.', { field: 'feature' });
    return { kind: 'feature', dictionary, feature: featureIn(dictionary, feature) };
  }
  const hook = context.word('hook');
  if (hook === undefined) throw new MechanistError('argument', 'Give a hook point, or a dictionary with a feature.', { field: 'hook' });
  const [head, position] = [context.integer('head'), context.integer('position')];
  return { kind: 'component', hook, where: { ...(head === undefined ? {} : { head: [head] }), ...(position === undefined ? {} : { position: [position] }) } };
}

type Null = (exchange: Exchange) => Promise<readonly number[]>;

/** Random directions for a feature; for a component the same part elsewhere: other heads of all layers, or the same hook point of other layers. */
function nullsOf(context: MethodContext, part: Part): Null[] {
  const count = Math.min(1000, Math.max(1, context.integer('nulls')!));
  const random = new Random(context.seed);
  if (part.kind === 'feature') return Array.from({ length: count }, () => unit(random, part.dictionary.dOut)).map((direction) => (exchange) => interchangeAlong(context.model, exchange, part, direction));
  const [, layer, name] = /^blocks\.(\d+)\.(.+)$/.exec(part.hook) ?? [];
  if (layer === undefined) return [];
  const { nLayers, nHeads } = configOf(context);
  const head = part.where.head?.[0];
  const places = Array.from({ length: nLayers }, (_, at) => at).flatMap((at): Part[] => {
    const hook = `blocks.${at}.${name}`;
    if (head === undefined) return at === Number(layer) ? [] : [{ ...part, hook }];
    return Array.from({ length: nHeads }, (_, one) => one).filter((one) => at !== Number(layer) || one !== head).map((one) => ({ ...part, hook, where: { ...part.where, head: [one] } }));
  });
  return random.permutation(places.length).slice(0, count).map((at) => places[at]!).map((place) => async (exchange) => (await interchange(context.model, exchange, place)).after);
}
