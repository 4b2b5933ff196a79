/**
 * `npm run zoo:train -- ID [--resume] [--threads N]`: trains a language model of the zoo and writes it as a Hugging Face
 * folder. One seed gives one model: batches depend only on seed and step, and a resumed run gives the same numbers.
 */
import { copyFileSync, existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { openSafetensors } from '../src/engine/formats/safetensors.ts';
import { writeSafetensors } from '../src/engine/formats/safetensorsWriter.ts';
import { exportHuggingFace } from '../src/engine/models/families/export.ts';
import { i64 } from '../src/engine/tensor.ts';
import type { Tensor } from '../src/engine/tensor.ts';
import { adamWDefaults } from '../src/engine/training/adamw.ts';
import { Trainer } from '../src/engine/training/trainer.ts';
import { freshModel, lossGraph, trainable } from './languageModel.ts';
import { planOf, zooModels } from './plans.ts';
import type { ZooModel } from './plans.ts';
import { trainingBatch } from './stream.ts';
import { loadFableTokenizer } from './tokenizer/encode.ts';

const zoo = fileURLToPath(new URL('.', import.meta.url));
const checkpointEvery = 100;

/** Loss and gradient norm of one step, as the committed curve holds them. */
export interface CurvePoint {
  readonly step: number;
  readonly loss: number;
  readonly gradientNorm: number;
}

/** A trainer for a plan, and the feeds of its steps. */
export async function startTraining(plan: ZooModel, threads: number): Promise<{ trainer: Trainer; model: ReturnType<typeof freshModel>; batch: (step: number) => ReadonlyMap<string, Tensor> }> {
  const tokenizer = loadFableTokenizer();
  const model = freshModel(plan, tokenizer.size);
  const trainer = await Trainer.create({
    graph: lossGraph(model),
    loss: 'loss',
    trainable: trainable(plan, model),
    adamW: { ...adamWDefaults, beta2: 0.99, weightDecay: 0.05 },
    schedule: plan.stages.map(({ through, span, peak }) => ({ through, schedule: { peak, warmup: 100, steps: span, floor: 0.02, shape: 'cosine' } })),
    compile: { threads },
  }, model.parameters);
  const batch = (step: number): ReadonlyMap<string, Tensor> => model.feeds(new Map([['input_ids', i64([plan.batch, plan.context], trainingBatch(plan, tokenizer, step))]]));
  return { trainer, model, batch };
}

async function train(plan: ZooModel, resume: boolean, threads: number): Promise<void> {
  const { trainer, model, batch } = await startTraining(plan, threads);
  const work = join(zoo, '.work', plan.id);
  mkdirSync(work, { recursive: true });
  const checkpoint = join(work, 'checkpoint.safetensors');
  const curveFile = join(work, 'curve.json');
  const curve: CurvePoint[] = [];
  let secondsBefore = 0;
  if (resume && existsSync(checkpoint)) {
    const file = openSafetensors(checkpoint);
    const step = Number(file.metadata.get('step'));
    secondsBefore = Number(file.metadata.get('seconds') ?? 0);
    trainer.restore({ step, tensors: new Map([...file.names()].map((name) => [name, file.read(name)])) });
    file.close();
    curve.push(...(JSON.parse(readFileSync(curveFile, 'utf8')) as CurvePoint[]).slice(0, step));
  }
  const started = performance.now();
  const seconds = (): number => Math.round(secondsBefore + (performance.now() - started) / 1000);
  const first = curve.length;
  for (let step = first + 1; step <= plan.steps; step++) {
    const { loss, gradientNorm } = await trainer.step(batch(step));
    curve.push({ step, loss: Number(loss.toPrecision(7)), gradientNorm: Number(gradientNorm.toPrecision(5)) });
    if (step % 20 === 0) {
      const recent = curve.slice(-20).reduce((sum, point) => sum + point.loss, 0) / 20;
      const rate = ((step - first) * plan.batch * plan.context) / ((performance.now() - started) / 1000);
      process.stdout.write(`step ${step}/${plan.steps}  loss ${recent.toFixed(4)}  ${Math.round(rate)} tokens/s\n`);
    }
    if (step % checkpointEvery === 0 || step === plan.steps) {
      writeSafetensors(checkpoint, trainer.snapshot().tensors, { metadata: { step: String(step), seconds: String(seconds()) } });
      writeFileSync(curveFile, JSON.stringify(curve));
    }
  }
  for (const name of trainable(plan, model)) model.parameters.set(name, trainer.get(name));
  await trainer.release();
  const folder = join(zoo, 'models', plan.id);
  mkdirSync(folder, { recursive: true });
  exportHuggingFace(model, folder, { dtype: 'float16' });
  for (const name of ['tokenizer.json', 'tokenizer_config.json']) copyFileSync(join(zoo, 'tokenizer', name), join(folder, name));
  writeFileSync(join(folder, 'curve.json'), `${JSON.stringify({ plan, curve })}\n`);
  writeFileSync(join(folder, 'training.json'), `${JSON.stringify({ seconds: seconds(), threads })}\n`);
}

if (import.meta.main) {
  const { values, positionals } = parseArgs({ allowPositionals: true, options: { resume: { type: 'boolean', default: false }, threads: { type: 'string', default: '1' } } });
  const plan = planOf(positionals[0] ?? '');
  if (plan === undefined) {
    process.stderr.write(`error: name a model of the zoo: ${zooModels.map(({ id }) => id).join(', ')}\n`);
    process.exit(2);
  }
  await train(plan, values.resume, Number(values.threads));
}
