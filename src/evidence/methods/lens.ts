/** What the logit lens reads at one place. */
import { logitLens } from '../../algorithmic/logitLens.ts';
import { MechanistError } from '../../engine/errors.ts';
import { i64, numbersOf } from '../../engine/tensor.ts';
import type { Tensor } from '../../engine/tensor.ts';
import type { EvidenceMethod } from '../method.ts';
import { nullOf } from '../numbers.ts';
import { idsFeed, promptText } from '../prompts.ts';

export const lensTarget: EvidenceMethod = {
  id: 'lens.target', version: 1, title: 'Logit lens',
  summary: 'Probability that the readout of the last layer gives a token when it reads an earlier hook point, beside the other positions of the prompt.',
  models: 1, dictionary: false,
  inputs: [{ name: 'text', kind: 'text', description: 'The prompt.' }],
  parameters: [
    { name: 'hook', type: 'text', description: 'Where it reads, such as blocks.2.hook_resid_post.' },
    { name: 'position', type: 'integer', default: -1, description: 'Token, special ones counted; from the end if negative.' },
    { name: 'target', type: 'integer', description: 'Id of the token whose probability is read.' },
  ],
  async run(context) {
    const { model, runtime } = context.model;
    const ids = promptText(context, 'text');
    const [hook, target] = [context.word('hook')!, context.integer('target')!];
    const position = context.integer('position')! + (context.integer('position')! < 0 ? ids.length : 0);
    if (position < 0 || position >= ids.length) throw new MechanistError('argument', `The prompt has ${ids.length} tokens.`, { field: 'position' });
    const vocabulary = model.config?.dOut ?? Infinity;
    if (target < 0 || target >= vocabulary) throw new MechanistError('argument', `The vocabulary has tokens 0 to ${vocabulary - 1}.`, { field: 'target' });
    const [layer] = await logitLens(model, runtime, { inputs: idsFeed(ids), hooks: [hook], topK: 1, targets: i64([1, ids.length], ids.map(() => target)), signal: context.signal });
    const at = (values: Tensor): number => numbersOf(values)[position]!;
    const probabilities = Array.from(numbersOf(layer!.targetProbability!));
    const control = nullOf('other positions of the prompt', probabilities.filter((_, i) => i !== position));
    return {
      metric: 'probability of the target', value: probabilities[position]!, ...(control && { control }),
      measures: { rank: at(layer!.targetRank!), entropy: at(layer!.entropy), kl_to_output: at(layer!.klToOutput) },
    };
  },
};
