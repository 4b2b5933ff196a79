/** Activation patching: how much of the behaviour comes back when one place is taken from the clean run. */
import { MechanistError } from '../../engine/errors.ts';
import { sweep } from '../../engine/sweeps/sweep.ts';
import type { SweepAxis } from '../../engine/sweeps/sites.ts';
import type { EvidenceMethod } from '../method.ts';
import { intervalOf, mean, nullOf } from '../numbers.ts';
import { pairGroups } from '../prompts.ts';
import { configOf } from './heads.ts';

export const activationPatching: EvidenceMethod = {
  id: 'patching.activation', version: 1, title: 'Activation patching',
  summary: 'Share of the logit difference that returns when one hook point (a head, a position of it) of the corrupted run is taken from the clean run, beside all other places of its kind.',
  models: 1, dictionary: false,
  inputs: [{ name: 'pairs', kind: 'pairs', description: 'Prompt pairs.' }],
  parameters: [
    { name: 'hook', type: 'text', description: 'Hook point of a layer, such as blocks.2.attn.hook_z.' },
    { name: 'head', type: 'integer', optional: true, description: 'Only this head.' },
    { name: 'position', type: 'integer', optional: true, description: 'Only this position; from the end if negative.' },
    { name: 'direction', type: 'text', choices: ['denoising', 'noising'], default: 'denoising', description: 'Clean values into the corrupted run, or the reverse: then the share lost.' },
    { name: 'replacement', type: 'text', choices: ['patch', 'zero', 'mean', 'resample'], default: 'patch', description: 'Anything but patch ablates the base run, and the change itself is the value.' },
  ],
  async run(context) {
    const { nLayers } = configOf(context);
    const [, layer, part] = /^blocks\.(\d+)\.(.+)$/.exec(context.word('hook')!) ?? [];
    if (layer === undefined || Number(layer) >= nLayers) throw new MechanistError('argument', 'A hook point inside a block is needed.', { field: 'hook' });
    const hooks = Array.from({ length: nLayers }, (_, i) => `blocks.${i}.${part}`);
    const [head, position] = [context.integer('head'), context.integer('position')];
    const by: SweepAxis[] = [...(head === undefined ? [] : ['head' as const]), ...(position === undefined ? [] : ['position' as const])];
    const groups = pairGroups(context, 'pairs');
    if (position !== undefined && groups.length > 1) throw new MechanistError('argument', 'One position is compared over prompts of one length.', { field: 'position', hint: 'Choose pairs of equal length.' });
    const direction = context.word('direction') as 'denoising' | 'noising';
    const replacement = context.word('replacement') as 'patch' | 'zero' | 'mean' | 'resample';
    // Per site: patched less the base run for each prompt; the whole difference for each prompt.
    const gained: number[][] = [];
    const whole: number[] = [];
    let own = 0;
    for (const [g, group] of groups.entries()) {
      const { perRow, cleanPerRow, corruptedPerRow } = await sweep(context.model.model, context.model.runtime, {
        clean: group.clean, corrupted: group.corrupted, metric: group.metric, hooks, by, direction, replacement, seed: context.seed, signal: context.signal, onProgress: (done, total) => context.progress(g * total + done, groups.length * total),
      });
      const [base, source] = direction === 'denoising' ? [corruptedPerRow, cleanPerRow] : [cleanPerRow, corruptedPerRow];
      const rows = base.length;
      const sizes = perRow.dims.slice(1, -1);
      own = siteIndex(Number(layer), sizes, [...(head === undefined ? [] : [head]), ...(position === undefined ? [] : [position])]);
      for (let site = 0; site < perRow.data.length / rows; site++) {
        (gained[site] ??= []).push(...Array.from({ length: rows }, (_, row) => perRow.data[site * rows + row]! - base[row]!));
      }
      // An ablation has no other run to be a share of.
      whole.push(...base.map((value, row) => (replacement === 'patch' ? source[row]! - value : 1)));
    }
    if (!(Math.abs(mean(whole)) > 1e-6)) throw new MechanistError('argument', 'Clean and corrupted prompts are answered alike, so nothing can return.', { field: 'pairs' });
    const share = (values: readonly number[]): number => mean(values) / mean(whole);
    const values = gained[own]!;
    const sums = (drawn: Int32Array, from: readonly number[]): number => drawn.reduce((sum, i) => sum + from[i]!, 0);
    const control = nullOf(`other places: ${hooks.length} layers${head === undefined ? '' : ', all heads'}${position === undefined ? '' : ', all positions'}`, gained.filter((_, site) => site !== own).map(share));
    return {
      metric: replacement !== 'patch' ? 'change of the logit difference' : `share of the logit difference ${direction === 'denoising' ? 'restored' : 'lost'}`, value: share(values),
      ...(values.length > 1 && { interval: intervalOf(values.length, (drawn) => sums(drawn, values) / sums(drawn, whole), context.seed) }), ...(control && { control }),
    };
  },
};

function siteIndex(layer: number, sizes: readonly number[], at: readonly number[]): number {
  return at.reduce((index, value, axis) => {
    const size = sizes[axis]!;
    const resolved = value < 0 ? value + size : value;
    if (resolved < 0 || resolved >= size) throw new MechanistError('argument', `${value} is out of range; there are ${size}.`, { field: axis === 0 && at.length === 2 ? 'head' : 'position' });
    return index * size + resolved;
  }, layer);
}
