/** `mechanist sweep`: activation patching over every layer of one kind of hook point. */
import { approximateSweep } from '../../algorithmic/approximateSweep.ts';
import type { ApproximateSweepOptions } from '../../algorithmic/approximateSweep.ts';
import { sweepPrompts } from '../../algorithmic/sweepPrompts.ts';
import type { SweepPromptsOptions, SweptPrompts } from '../../algorithmic/sweepPrompts.ts';
import { withDictionaries } from '../../engine/dictionaries/dictionary.ts';
import { spliceDictionary } from '../../engine/dictionaries/splice.ts';
import { MechanistError } from '../../engine/errors.ts';
import { writeSafetensors } from '../../engine/formats/safetensorsWriter.ts';
import { meanRules } from '../../engine/interventions/meanAblation.ts';
import type { Model } from '../../engine/models/model.ts';
import type { Replacement } from '../../engine/sweeps/replacement.ts';
import type { SweepAxis } from '../../engine/sweeps/sites.ts';
import { f32 } from '../../engine/tensor.ts';
import type { Tensor } from '../../engine/tensor.ts';
import { UsageError, writeJson } from '../command.ts';
import type { Command, OptionValues, Output } from '../command.ts';
import { givenDictionary, optionalDictionary, wholeNumber } from '../dictionaryOptions.ts';
import { oneOf } from '../edgeOptions.ts';
import { openModel } from '../openModel.ts';
import { promptGroups, promptOptions } from '../promptOptions.ts';
import { modelNotes, modelOptions, positiveInteger, runtimeOptions, withRuntime } from '../sharedOptions.ts';

export const sweepCommand: Command = {
  name: 'sweep',
  summary: 'Patch clean activations into a corrupted run, site by site, and write the metric of each run.',
  positionals: ['MODEL'],
  options: {
    ...promptOptions,
    over: { type: 'string', value: 'SITE', description: 'resid_pre, resid_mid, resid_post, attn_out, mlp_out, z, q, k, v, pattern, neurons, or features (with --dictionary).', required: true },
    by: { type: 'string', value: 'AXES', description: 'head, position, key and neuron in the order wanted (default: position for the residual stream and its parts, neuron for neurons and features, head for the others).' },
    direction: { type: 'string', value: 'NAME', description: 'denoising (default): clean into corrupted; noising: corrupted into clean.' },
    replace: { type: 'string', value: 'NAME', description: 'patch (default), or an ablation of the clean run: zero, mean or resample. Beside zero, which no prompt produces, the mean is written as SITE/mean.' },
    'mean-over': { type: 'string', value: 'NAME', description: 'all (default): the mean over prompts and their positions; position: over the prompts at each position, for prompts of one template.' },
    approximate: { type: 'boolean', description: 'Estimate all sites at once by attribution patching; by head and position only.' },
    exact: { type: 'string', value: 'N', description: 'With --approximate: leading sites that are patched beside their estimates (default 10).' },
    seed: { type: 'string', value: 'N', description: 'Seed of resampling (default 0).' },
    ...optionalDictionary,
    dictionary: { ...optionalDictionary.dictionary, description: 'Dictionary whose features are swept.' },
    rows: { type: 'string', value: 'N', description: 'Patched runs that are computed at once (default 64).' },
    out: { type: 'string', value: 'FILE', description: 'safetensors file to write.', required: true },
    ...runtimeOptions,
    ...modelOptions,
  },
  notes: `The file gets one tensor named like SITE, of shape [layers, sizes along AXES], with the metric of each patched run (not normalised; summed over
rows as the metric says, over pairs of a file the mean), the scalars clean_metric and corrupted_metric, and over several pairs
SITE/low and SITE/high, 95 % bootstrap intervals of the mean. With --approximate the leading sites go to stdout as JSON, estimated and exact,
with their rank correlation: first-order estimates are weak where the network saturates.
${modelNotes}`,
  async run({ positionals, options, signal, output }) {
    const site = siteOf(options.requiredText('over'));
    const by = axesOf(options.text('by') ?? site.defaultAxis);
    const direction = oneOf('--direction', options.text('direction') ?? 'denoising', ['denoising', 'noising'] as const);
    const replacement = oneOf('--replace', options.text('replace') ?? 'patch', ['patch', 'zero', 'mean', 'resample'] as const);
    if (replacement !== 'patch' && options.text('direction') === 'denoising') throw new UsageError(`--replace ${replacement} ablates the clean run, so --direction denoising has no meaning.`);
    const over = oneOf('--mean-over', options.text('mean-over') ?? 'all', meanRules);
    const rowsPerRun = positiveInteger(options, 'rows');
    const seed = wholeNumber(options, 'seed') ?? 0;
    const model = await openModel(positionals[0]!, options, output, signal);
    const swept = site.name === 'features' ? await featureSites(model, options) : { hooks: hooksOf(model, site) };
    if (options.flag('approximate')) {
      if (replacement !== 'patch') throw new UsageError(`--approximate estimates patches, not --replace ${replacement}.`);
      const axes = by.map((axis) => oneOf('--by with --approximate', axis, ['head', 'position'] as const));
      await approximated(model, options, { name: site.name, hooks: swept.hooks, by: axes, direction, exact: wholeNumber(options, 'exact') ?? 10, signal }, output);
      return;
    }
    const [result, withMean] = await withRuntime(options, async (runtime) => {
      const groups = await promptGroups(model, runtime, options);
      const run = (kind: Replacement): Promise<SweptPrompts> => sweepPrompts(model, runtime, groups, {
        ...swept, by, direction: kind === 'patch' ? direction : 'noising', replacement: kind, over, seed, signal, ...(rowsPerRun === undefined ? {} : { rowsPerRun }),
      });
      return [await run(replacement), replacement === 'zero' ? await run('mean') : undefined] as const;
    });
    const overPairs = options.text('pairs') !== undefined;
    const factor = overPairs ? 1 : result.prompts;
    const shaped = (values: Float32Array, scale = 1): Tensor => f32([swept.hooks.length, ...result.sizes], values.map((value) => scale * value));
    writeSafetensors(options.requiredText('out'), new Map<string, Tensor>([
      [site.name, shaped(result.scores, factor)],
      ['clean_metric', f32([], [factor * result.clean])],
      ['corrupted_metric', f32([], [factor * result.corrupted])],
      ...(withMean === undefined ? [] : [[`${site.name}/mean`, shaped(withMean.scores, factor)]] as [string, Tensor][]),
      ...(result.interval === undefined || !overPairs ? [] : [[`${site.name}/low`, shaped(result.interval.low)], [`${site.name}/high`, shaped(result.interval.high)]] as [string, Tensor][]),
    ]));
  },
};

async function approximated(model: Model, options: OptionValues, { name, ...asked }: ApproximateSweepOptions & { readonly name: string }, output: Output): Promise<void> {
  const found = await withRuntime(options, async (runtime) => approximateSweep(model, runtime, await promptGroups(model, runtime, options), asked));
  const base = asked.direction === 'noising' ? found.clean : found.corrupted;
  const factor = options.text('pairs') === undefined ? found.prompts : 1;
  writeSafetensors(options.requiredText('out'), new Map<string, Tensor>([
    [name, f32([asked.hooks.length, ...found.sizes], found.effects.map((effect) => factor * (base + effect)))],
    ['clean_metric', f32([], [factor * found.clean])], ['corrupted_metric', f32([], [factor * found.corrupted])],
  ]));
  writeJson(output, { approximation: 'attribution patching', prompts: found.prompts, compared: found.compared, rankCorrelation: found.rankCorrelation ?? null });
}

interface Site {
  readonly name: string;
  /** Hook name inside a block. */
  readonly hook: string;
  readonly defaultAxis: SweepAxis;
}

const sites: readonly Site[] = [
  ...['resid_pre', 'resid_mid', 'resid_post', 'attn_out', 'mlp_out'].map((name): Site => ({ name, hook: `hook_${name}`, defaultAxis: 'position' })),
  ...['z', 'q', 'k', 'v', 'pattern'].map((name): Site => ({ name, hook: `attn.hook_${name}`, defaultAxis: 'head' })),
  { name: 'neurons', hook: 'mlp.hook_post', defaultAxis: 'neuron' },
  { name: 'features', hook: '', defaultAxis: 'neuron' },
];

function siteOf(name: string): Site {
  const site = sites.find((candidate) => candidate.name === name);
  if (site === undefined) throw new UsageError(`--over takes one of ${sites.map((candidate) => candidate.name).join(', ')}, not "${name}".`);
  return site;
}

function axesOf(text: string): SweepAxis[] {
  const axes = text.split(',').map((axis) => oneOf('--by', axis.trim(), ['head', 'position', 'key', 'neuron'] as const));
  if (new Set(axes).size !== axes.length) throw new UsageError(`--by names an axis twice: "${text}".`);
  return axes;
}

/** The features of a dictionary, with its error kept beside, so that nothing changes until a feature does. */
async function featureSites(model: Model, options: OptionValues): Promise<Pick<SweepPromptsOptions, 'hooks' | 'graph' | 'parameters'> & { hooks: string[] }> {
  const dictionary = await givenDictionary(options);
  if (dictionary === undefined) throw new UsageError('--over features needs --dictionary.');
  const graph = spliceDictionary(model.graph(), dictionary, { errorTerm: true });
  return { hooks: [`${dictionary.hooks.output!}.hook_sae_acts_post`], graph, parameters: withDictionaries(model.parameters, [dictionary]) };
}

/** The site's hook in every block. Errors: `argument` when the model does not have it. */
function hooksOf(model: Model, { hook, name }: Site): string[] {
  const pattern = new RegExp(`^blocks\\.\\d+\\.${hook.replaceAll('.', '\\.')}$`);
  const hooks = model.hookPoints().map((point) => point.name).filter((candidate) => pattern.test(candidate));
  if (hooks.length === 0) {
    throw new MechanistError('argument', `The model has no hook points blocks.*.${hook}.`, {
      field: `--over ${name}`, hint: model.config?.parallelAttnMlp === true ? 'Attention and MLP run in parallel in this model, so the stream has no middle.' : 'mechanist inspect lists them.',
    });
  }
  return hooks;
}
