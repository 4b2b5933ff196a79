/** `mechanist attribute`: integrated gradients of a metric at the tokens' embeddings, beside a model with shuffled weights. */
import { spearman } from '../../engine/statistics.ts';
import { integratedGradients } from '../../behavioral/integratedGradients.ts';
import type { IntegratedGradients } from '../../behavioral/integratedGradients.ts';
import { MechanistError } from '../../engine/errors.ts';
import { prune } from '../../engine/graph/prune.ts';
import { checkMetric } from '../../engine/metrics/append.ts';
import { metricGrammar, parseMetric } from '../../engine/metrics/parse.ts';
import { tokenizerOf } from '../../engine/models/openPath.ts';
import type { Model } from '../../engine/models/model.ts';
import type { ParameterStore } from '../../engine/models/parameters.ts';
import type { Runtime } from '../../engine/runtime/runtime.ts';
import { f32, i64, numbersOf } from '../../engine/tensor.ts';
import type { Tensor } from '../../engine/tensor.ts';
import { shuffledParameters } from '../../engine/training/shuffle.ts';
import { writeJson } from '../command.ts';
import type { Command } from '../command.ts';
import { wholeNumber } from '../dictionaryOptions.ts';
import { oneOf } from '../edgeOptions.ts';
import { inputOptions, modelInputs } from '../modelInputs.ts';
import { openModel } from '../openModel.ts';
import { modelNotes, modelOptions, positiveInteger, runtimeOptions, withRuntime } from '../sharedOptions.ts';

export const attribute: Command = {
  name: 'attribute',
  summary: 'Integrated gradients: what each token of the input contributes to a metric.',
  positionals: ['MODEL'],
  options: {
    text: inputOptions.text,
    inputs: inputOptions.inputs,
    metric: { type: 'string', value: 'METRIC', description: metricGrammar, required: true },
    baseline: { type: 'string', value: 'NAME', description: 'Where the path begins: mean (default), the mean embedding of all tokens; or zero, where norms without a centre are not smooth and many steps are needed.' },
    steps: { type: 'string', value: 'N', description: 'Points on the path (default: 50, doubled up to 1600 until the completeness error is below 1 %).' },
    seed: { type: 'string', value: 'N', description: 'Seed of the control (default 0).' },
    ...runtimeOptions,
    ...modelOptions,
  },
  notes: `For each row, JSON with the tokens and their attributions at hook_embed, the metric at the input and at the baseline, and the completeness
error: how far the attributions are from adding up to the difference. The control is the same for the model with the entries of every weight
shuffled, with the rank correlation of the sizes of the two: attributions that do not depend on the weights say nothing about the model.
${modelNotes}`,
  async run({ positionals, options, signal, output }) {
    const metric = parseMetric(options.requiredText('metric'));
    const model = await openModel(positionals[0]!, options, output, signal);
    checkMetric(metric, model.graph(), model.output);
    const inputs = await modelInputs(model, options);
    const ids = inputs.get('input_ids');
    if (ids === undefined) throw new MechanistError('unsupported', 'This model reads no tokens.', { file: model.source });
    const given = positiveInteger(options, 'steps');
    const seed = wholeNumber(options, 'seed') ?? 0;
    const from = oneOf('--baseline', options.text('baseline') ?? 'mean', ['mean', 'zero'] as const);
    const asked = { inputs, target: metric, at: 'hook_embed', signal };
    let steps = given ?? 50;
    const [own, control] = await withRuntime(options, async (runtime) => {
      const attributed = async (parameters: ParameterStore): Promise<IntegratedGradients> => {
        const baseline = from === 'zero' ? undefined : await meanEmbedding(model, runtime, parameters, ids.dims[1]!);
        return integratedGradients(model, runtime, { ...asked, steps, parameters, ...(baseline === undefined ? {} : { baseline }) });
      };
      let found = await attributed(model.parameters);
      while (given === undefined && steps < mostSteps && found.delta.some((error, row) => Math.abs(error) > 0.01 * Math.abs(found.values[row]! - found.baselineValues[row]!))) {
        steps *= 2;
        found = await attributed(model.parameters);
      }
      return [found, await attributed(shuffledParameters(model.parameters, seed))] as const;
    });
    const tokenizer = await tokenizerOf(model);
    const [rows, positions] = ids.dims as [number, number];
    const tokens = Array.from(numbersOf(ids));
    writeJson(output, {
      model: model.id, modelHash: await model.hash(), at: asked.at, baseline: from, steps, seed,
      rows: Array.from({ length: rows }, (_, row) => {
        const [attributions, others] = [perToken(own, row, positions), perToken(control, row, positions)];
        return {
          value: own.values[row], baseline: own.baselineValues[row], completenessError: own.delta[row],
          tokens: attributions.map((attribution, at) => {
            const id = tokens[row * positions + at]!;
            return { id, ...(tokenizer === undefined || id >= tokenizer.vocabSize ? {} : { token: tokenizer.tokenText(id) }), attribution, control: others[at] };
          }),
          control: { weights: 'shuffled', value: control.values[row], baseline: control.baselineValues[row], completenessError: control.delta[row], rankCorrelation: spearman(attributions.map(Math.abs), others.map(Math.abs)) ?? null },
        };
      }),
    });
  },
};

/** The mean of `hook_embed` over the vocabulary, at every position [1,p,d]. Errors: `unsupported` when the vocabulary is not known. */
async function meanEmbedding(model: Model, runtime: Runtime, parameters: ParameterStore, positions: number): Promise<Tensor> {
  const vocabulary = model.config?.dOut;
  if (vocabulary === undefined) throw new MechanistError('unsupported', 'The size of this model\'s vocabulary is not known, so there is no mean embedding.', { file: model.source, hint: '--baseline zero needs none.' });
  const graph = prune(model.graph(), ['hook_embed']);
  let mean = new Float64Array();
  for (let start = 0; start < vocabulary; start += idsPerRun) {
    const ids = Array.from({ length: Math.min(idsPerRun, vocabulary - start) }, (_, i) => start + i);
    const { dims, data } = (await runtime.run(graph, model.feeds(new Map([['input_ids', i64([ids.length, 1], ids)]])), parameters)).get('hook_embed')!;
    const width = dims.at(-1)!;
    if (mean.length === 0) mean = new Float64Array(width);
    (data as Float32Array).forEach((value, i) => { mean[i % width]! += value / vocabulary; });
  }
  return f32([1, positions, mean.length], Float32Array.from({ length: positions * mean.length }, (_, i) => mean[i % mean.length]!));
}

const idsPerRun = 4096;
const mostSteps = 1600;

/** Summed over the entries of each embedding. */
function perToken({ attributions }: IntegratedGradients, row: number, positions: number): number[] {
  const width = attributions.dims.at(-1)!;
  const values = numbersOf(attributions);
  return Array.from({ length: positions }, (_, at) => {
    let sum = 0;
    for (let i = 0; i < width; i++) sum += values[(row * positions + at) * width + i]!;
    return sum;
  });
}
