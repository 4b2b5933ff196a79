/** Direct logit attribution: what one component writes in the direction of the answer. */
import { directLogitAttribution } from '../../algorithmic/directLogitAttribution.ts';
import { MechanistError } from '../../engine/errors.ts';
import { numbersOf } from '../../engine/tensor.ts';
import type { EvidenceMethod } from '../method.ts';
import { mean, meanInterval, nullOf } from '../numbers.ts';
import { pairGroups } from '../prompts.ts';

export const directAttribution: EvidenceMethod = {
  id: 'attribution.direct', version: 1, title: 'Direct logit attribution',
  summary: 'What a head, an MLP or an embedding writes towards the right answers and away from the wrong ones, beside all other components.',
  models: 1, dictionary: false,
  inputs: [{ name: 'pairs', kind: 'pairs', description: 'Prompt pairs; the clean prompts are run.' }],
  parameters: [{ name: 'component', type: 'text', description: 'LAYER.HEAD, or a hook such as blocks.2.hook_mlp_out.' }],
  async run(context) {
    const wanted = context.word('component')!;
    const written = new Map<string, number[]>();
    const groups = pairGroups(context, 'pairs');
    for (const [g, { clean, metric }] of groups.entries()) {
      await context.step(g, groups.length);
      const { contributions } = await directLogitAttribution(context.model.model, context.model.runtime, { inputs: clean, metric });
      for (const [hook, tensor] of contributions) {
        const [rows, positions, heads = 1] = tensor.dims as [number, number, number?];
        const values = numbersOf(tensor);
        const layer = /^blocks\.(\d+)\.attn\.hook_result$/.exec(hook)?.[1];
        for (let head = 0; head < heads; head++) {
          const name = layer === undefined ? hook : `${layer}.${head}`;
          const list = written.get(name) ?? [];
          for (let row = 0; row < rows; row++) {
            let sum = 0;
            for (let position = 0; position < positions; position++) sum += values[(row * positions + position) * heads + head]!;
            list.push(sum);
          }
          written.set(name, list);
        }
      }
    }
    const own = written.get(wanted);
    if (own === undefined) throw new MechanistError('argument', `"${wanted}" is no component of this model.`, { field: 'component', hint: `There are ${[...written.keys()].slice(0, 40).join(', ')}.` });
    const interval = meanInterval(own, context.seed);
    const control = nullOf('other components', [...written].filter(([name]) => name !== wanted).map(([, values]) => mean(values)));
    return { metric: 'direct contribution to the logit difference', unit: 'logits', value: mean(own), ...(interval && { interval }), ...(control && { control }) };
  },
};
