/** `mechanist sae-tradeoff`: the table of L0 against CE recovered for TopK, JumpReLU and L1 autoencoders. */
import { MechanistError } from '../../engine/errors.ts';
import type { Tensor } from '../../engine/tensor.ts';
import type { Interval } from '../../semantic/metrics/bootstrap.ts';
import { sparsityTradeoff, usualPoints } from '../../semantic/sparsityTradeoff.ts';
import { readContexts } from '../../semantic/store/corpusFiles.ts';
import { writeJson } from '../command.ts';
import type { Command } from '../command.ts';
import { corpusFiles, wholeNumber } from '../dictionaryOptions.ts';
import { openModel } from '../openModel.ts';
import { modelNotes, modelOptions, positiveInteger, runtimeOptions, withRuntime } from '../sharedOptions.ts';
import { tokenBatches } from '../tokenBatches.ts';
import { tokenizerOf } from '../../engine/models/openPath.ts';

export const saeTradeoff: Command = {
  name: 'sae-tradeoff',
  summary: 'Train TopK, JumpReLU and L1 autoencoders at several sparsities and print L0 against CE recovered.',
  positionals: ['MODEL', '[FILES…]'],
  options: {
    hook: { type: 'string', value: 'HOOK', description: 'Hook point of the autoencoders.', required: true },
    corpus: { type: 'string', value: 'FILES', description: 'Text, .jsonl (field "text") or .safetensors (input_ids) files, separated by commas or as further arguments. The last tenth is held out.', required: true },
    width: { type: 'string', value: 'N', description: 'Number of latents (default 1024).' },
    steps: { type: 'string', value: 'N', description: 'Optimisation steps of each (default 1000).' },
    batch: { type: 'string', value: 'N', description: 'Activations per step (default 1024).' },
    context: { type: 'string', value: 'N', description: 'Tokens per context (default 128).' },
    seed: { type: 'string', value: 'N', description: 'Seed of initialisation and order (default 0).' },
    json: { type: 'boolean', description: 'Print the rows as JSON.' },
    ...runtimeOptions,
    ...modelOptions,
  },
  notes: modelNotes,
  async run({ positionals, options, signal, output }) {
    const [name, ...files] = positionals as [string, ...string[]];
    const model = await openModel(name, options, output, signal);
    const contexts = await readContexts(corpusFiles(options, files), await tokenizerOf(model), { context: positiveInteger(options, 'context') ?? 128, signal });
    const count = contexts.dims[0]!;
    const held = Math.min(256, Math.floor(count / 10));
    if (held === 0) throw new MechanistError('argument', `The corpus has ${count} contexts; at least 10 are needed to hold some out.`);
    const hook = options.requiredText('hook');
    const threads = positiveInteger(options, 'threads');
    const columns = ['architecture', 'setting', 'L0', 'FVU', 'CE recovered (95 %)', 'dead'];
    if (!options.flag('json')) output.write(`${row(columns)}\n${row(widths.map((width) => '-'.repeat(width)))}\n`);
    const rows: unknown[] = [];
    await withRuntime(options, async (runtime) => {
      const table = sparsityTradeoff(usualPoints, {
        model, runtime, signal,
        contexts: slice(contexts, 0, count - held),
        inputs: [hook], outputs: [hook],
        training: {
          architecture: 'topk',
          nLatents: positiveInteger(options, 'width') ?? 1024,
          steps: positiveInteger(options, 'steps') ?? 1000,
          batchSize: positiveInteger(options, 'batch') ?? 1024,
          seed: wholeNumber(options, 'seed') ?? 0,
        },
        ...(threads === undefined ? {} : { compile: { threads } }),
      }, tokenBatches(slice(contexts, count - held, count), 8));
      for await (const { dictionary: _, ...point } of table) {
        rows.push(point);
        if (options.flag('json')) continue;
        const setting = point.k === undefined ? `L1 ${point.sparsity}` : `k ${point.k}`;
        output.write(`${row([point.architecture, setting, point.l0.value.toFixed(1), point.fvu.value.toFixed(4), interval(point.ceRecovered), `${(100 * point.dead).toFixed(1)} %`])}\n`);
      }
    });
    if (options.flag('json')) writeJson(output, { model: model.id, hook, rows });
    else output.write(`\nHeld-out documents: ${held}; the first position of each is left out. CE recovered is against zero ablation.\n`);
  },
};

const widths = [12, 8, 6, 7, 24, 7];

function row(cells: readonly string[]): string {
  return `| ${cells.map((cell, i) => cell.padEnd(widths[i]!)).join(' | ')} |`;
}

function interval({ value, low, high }: Interval): string {
  return `${value.toFixed(4)} [${low.toFixed(4)}, ${high.toFixed(4)}]`;
}

function slice({ dims, data }: Tensor<'int64'>, from: number, to: number): Tensor<'int64'> {
  const length = dims[1]!;
  return { dtype: 'int64', dims: [to - from, length], data: data.subarray(from * length, to * length) };
}
