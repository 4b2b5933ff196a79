/** `mechanist sweep`: activation patching over every layer of one kind of hook point. */
import { writeSafetensors } from '../../engine/formats/safetensorsWriter.ts';
import { checkMetric } from '../../engine/metrics/append.ts';
import { parseMetric, metricGrammar } from '../../engine/metrics/parse.ts';
import type { Model } from '../../engine/models/model.ts';
import { MechanistError } from '../../engine/errors.ts';
import { sweep } from '../../engine/sweeps/sweep.ts';
import type { SweepAxis } from '../../engine/sweeps/sites.ts';
import { f32 } from '../../engine/tensor.ts';
import { UsageError } from '../command.ts';
import type { Command } from '../command.ts';
import { inputsFromFile } from '../modelInputs.ts';
import { openModel } from '../openModel.ts';
import { modelNotes, modelOptions, positiveInteger, runtimeOptions, withRuntime } from '../sharedOptions.ts';

export const sweepCommand: Command = {
  name: 'sweep',
  summary: 'Patch clean activations into a corrupted run, site by site, and write the metric of each run.',
  positionals: ['MODEL'],
  options: {
    clean: { type: 'string', value: 'FILE', description: 'safetensors file with the clean inputs (input_ids [batch, pos], …).', required: true },
    corrupted: { type: 'string', value: 'FILE', description: 'The corrupted inputs, aligned with the clean ones.', required: true },
    metric: { type: 'string', value: 'METRIC', description: metricGrammar, required: true },
    over: { type: 'string', value: 'SITE', description: 'resid_pre, resid_mid, attn_out, mlp_out, z, q, k, v or pattern.', required: true },
    by: { type: 'string', value: 'AXES', description: 'head, position, or both in the order wanted (default: position for the residual stream and its parts, head for the others).' },
    direction: { type: 'string', value: 'NAME', description: 'denoising (default): clean into corrupted; noising: corrupted into clean.' },
    rows: { type: 'string', value: 'N', description: 'Patched runs that are computed at once (default 64).' },
    out: { type: 'string', value: 'FILE', description: 'safetensors file to write.', required: true },
    ...runtimeOptions,
    ...modelOptions,
  },
  notes: `The file gets one tensor named like SITE, of shape [layers, sizes along AXES], with the metric of each patched run (not normalised),
and the scalars clean_metric and corrupted_metric.
${modelNotes}`,
  async run({ positionals, options, signal, output }) {
    const metric = parseMetric(options.requiredText('metric'));
    const over = siteOf(options.requiredText('over'));
    const by = axesOf(options.text('by') ?? over.defaultAxis);
    const direction = directionOf(options.text('direction') ?? 'denoising');
    const rowsPerRun = positiveInteger(options, 'rows');
    const model = await openModel(positionals[0]!, options, output, signal);
    checkMetric(metric, model.graph(), model.output);
    const clean = inputsFromFile(model, options.requiredText('clean'));
    const corrupted = inputsFromFile(model, options.requiredText('corrupted'));
    const hooks = hooksOf(model, over);
    const result = await withRuntime(options, (runtime) => sweep(model, runtime, {
      clean, corrupted, metric, hooks, by, direction, signal, ...(rowsPerRun === undefined ? {} : { rowsPerRun }),
    }));
    writeSafetensors(options.requiredText('out'), new Map([
      [over.name, result.scores],
      ['clean_metric', f32([], [result.cleanMetric])],
      ['corrupted_metric', f32([], [result.corruptedMetric])],
    ]));
  },
};

interface Site {
  readonly name: string;
  /** Hook name inside a block. */
  readonly hook: string;
  readonly defaultAxis: SweepAxis;
}

const sites: readonly Site[] = [
  ...['resid_pre', 'resid_mid', 'attn_out', 'mlp_out'].map((name): Site => ({ name, hook: `hook_${name}`, defaultAxis: 'position' })),
  ...['z', 'q', 'k', 'v', 'pattern'].map((name): Site => ({ name, hook: `attn.hook_${name}`, defaultAxis: 'head' })),
];

function siteOf(name: string): Site {
  const site = sites.find((candidate) => candidate.name === name);
  if (site === undefined) throw new UsageError(`--over takes one of ${sites.map((candidate) => candidate.name).join(', ')}, not "${name}".`);
  return site;
}

function axesOf(text: string): SweepAxis[] {
  const axes = text.split(',').map((axis) => axis.trim());
  const known = axes.every((axis) => axis === 'head' || axis === 'position');
  if (!known || new Set(axes).size !== axes.length) throw new UsageError(`--by takes head, position or head,position, not "${text}".`);
  return axes;
}

function directionOf(text: string): 'denoising' | 'noising' {
  if (text !== 'denoising' && text !== 'noising') throw new UsageError(`--direction takes denoising or noising, not "${text}".`);
  return text;
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
