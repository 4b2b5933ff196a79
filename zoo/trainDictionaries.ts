/**
 * `npm run zoo:dictionaries -- MODEL [ID…] [--resume] [--measure]`: trains the dictionaries of a zoo model, writes them in
 * SAELens or circuit-tracer layout in half precision, and measures what was written. `--measure` leaves out training.
 */
import { mkdirSync, rmSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import type { CrossLayerTranscoder, Dictionary } from '../src/engine/dictionaries/dictionary.ts';
import { saveCrossLayer, saveSaelens, saveTranscoders } from '../src/engine/dictionaries/save.ts';
import { trainOnModel } from '../src/engine/dictionaries/train/trainOnModel.ts';
import { openHuggingFace } from '../src/engine/models/huggingface.ts';
import type { Model } from '../src/engine/models/model.ts';
import { Runtime } from '../src/engine/runtime/runtime.ts';
import { contextLength, fableContexts } from './contexts.ts';
import { zooDictionaries } from './dictionaries.ts';
import type { DictionaryPlan } from './dictionaries.ts';
import { dictionaryFolder, modelFolder } from './dictionaryFolder.ts';
import { measureDictionary } from './dictionaryMeasures.ts';
import { writeReport } from './dictionaryReport.ts';
import type { Effort } from './dictionaryReport.ts';
import { loadFableTokenizer } from './tokenizer/encode.ts';

const zoo = fileURLToPath(new URL('.', import.meta.url));
const half = { half: true } as const;
const threads = { threads: 1 } as const;

/** Trains everything a plan holds and writes it. */
async function build(plan: DictionaryPlan, model: Model, runtime: Runtime, resume: boolean): Promise<Effort> {
  const started = performance.now();
  const cpu = process.cpuUsage();
  const folder = dictionaryFolder(plan);
  const config = { modelName: plan.model, inputHook: withinBlock(plan.inputs[0]!), outputHook: withinBlock(plan.outputs[0]!), scan: `${plan.model}/${plan.id}` };
  rmSync(folder, { recursive: true, force: true });
  if (plan.kind === 'transcoders') {
    const transcoders: Dictionary[] = [];
    for (const [layer, input] of plan.inputs.entries()) {
      transcoders.push(await trainOne(plan, model, runtime, [input], [plan.outputs[layer]!], `${plan.id}/${layer}`, resume) as Dictionary);
    }
    saveTranscoders({ kind: 'transcoder_set', id: plan.id, transcoders, metadata: {} }, folder, config, half);
  } else {
    const trained = await trainOne(plan, model, runtime, plan.inputs, plan.outputs, plan.id, resume);
    if (trained.kind === 'clt') saveCrossLayer(trained, folder, config, half);
    else saveSaelens(trained, folder, half);
  }
  const { user, system } = process.cpuUsage(cpu);
  return { seconds: Math.round((performance.now() - started) / 1000), cpuSeconds: Math.round((user + system) / 1e6) };
}

async function trainOne(plan: DictionaryPlan, model: Model, runtime: Runtime, inputs: readonly string[], outputs: readonly string[], id: string, resume: boolean): Promise<Dictionary | CrossLayerTranscoder> {
  const { training } = plan;
  const file = join(zoo, '.work', plan.model, 'dictionaries', `${id}.safetensors`);
  mkdirSync(dirname(file), { recursive: true });
  if (!resume) rmSync(file, { force: true });
  // Each context is seen once: the first position of each is left out.
  const count = Math.ceil((training.steps * (training.batchSize ?? 4096)) / (contextLength - 1));
  const steps = trainOnModel({
    model, runtime, inputs, outputs, training, id,
    contexts: fableContexts(loadFableTokenizer(), 'train', 1000 + (training.seed ?? 0), count),
    checkpoint: { file, every: 200 },
    compile: threads,
  });
  for (;;) {
    const { done, value } = await steps.next();
    if (done) return value;
    if (value.step % 100 === 0) {
      process.stdout.write(`${id} step ${value.step}/${value.steps}  error ${value.reconstruction.toFixed(4)}  L0 ${value.l0.toFixed(1)}  dead ${value.dead}\n`);
    }
  }
}

function withinBlock(hook: string): string {
  return hook.replace(/^blocks\.\d+\./, '');
}

if (import.meta.main) {
  const { values, positionals } = parseArgs({ allowPositionals: true, options: { resume: { type: 'boolean', default: false }, measure: { type: 'boolean', default: false } } });
  const [name, ...ids] = positionals;
  const plans = zooDictionaries.filter(({ model, id }) => model === name && (ids.length === 0 || ids.includes(id)));
  if (plans.length === 0 || ids.some((id) => !plans.some((plan) => plan.id === id))) {
    process.stderr.write(`error: name a model and its dictionaries: ${zooDictionaries.map(({ model, id }) => `${model} ${id}`).join(', ')}\n`);
    process.exit(2);
  }
  const model = await openHuggingFace(modelFolder(name!));
  const runtime = new Runtime(threads);
  for (const plan of plans) {
    const effort = values.measure ? undefined : await build(plan, model, runtime, values.resume);
    const { summary } = writeReport(plan, await model.hash(), effort, await measureDictionary(plan, model, runtime));
    process.stdout.write(`${summary}\n`);
  }
  await runtime.dispose();
}
