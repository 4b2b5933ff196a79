/**
 * `npm run zoo:report`: scores every model in zoo/models and writes what they reach: evaluation.json, curve.svg and
 * README.md of each, and the tables in zoo/README.md. The same models give the same files.
 */
import { existsSync, readFileSync, readdirSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { openHuggingFace } from '../src/engine/models/huggingface.ts';
import { Runtime } from '../src/engine/runtime/runtime.ts';
import { curveSvg } from './evaluate/curveSvg.ts';
import { scoreModel, scorePredictor } from './evaluate/evaluation.ts';
import type { Evaluation } from './evaluate/evaluation.ts';
import { replaceSection } from './evaluate/markdown.ts';
import { modelReadme } from './evaluate/modelReadme.ts';
import type { ModelReport } from './evaluate/modelReadme.ts';
import { modelTable } from './evaluate/modelTable.ts';
import { trainNGram } from './evaluate/ngramBaseline.ts';
import { ngramPredictor } from './evaluate/predictor.ts';
import { remarks } from './evaluate/remarks.ts';
import { freshModel } from './languageModel.ts';
import { zooModels } from './plans.ts';
import { loadFableTokenizer } from './tokenizer/encode.ts';
import type { FableTokenizer } from './tokenizer/encode.ts';
import type { CurvePoint } from './train.ts';

const zoo = fileURLToPath(new URL('.', import.meta.url));
const folderOf = (id: string): string => join(zoo, 'models', id);

async function evaluate(id: string, runtime: Runtime, tokenizer: FableTokenizer, ngram: Evaluation['ngram']): Promise<ModelReport> {
  const folder = folderOf(id);
  const plan = zooModels.find((model) => model.id === id)!;
  const model = await openHuggingFace(folder);
  const { curve } = readJson(join(folder, 'curve.json')) as { curve: CurvePoint[] };
  const measured = join(folder, 'training.json');
  return {
    plan, curve,
    evaluation: {
      model: id,
      hash: await model.hash(),
      trained: await scoreModel(model, runtime, tokenizer),
      untrained: await scoreModel(freshModel(plan, tokenizer.size), runtime, tokenizer),
      ngram,
    },
    training: existsSync(measured) ? (readJson(measured) as { seconds: number; threads: number }) : undefined,
    parameters: model.parameters.count,
    bytes: readdirSync(folder).reduce((sum, name) => sum + (name.endsWith('.safetensors') ? statSync(join(folder, name)).size : 0), 0),
  };
}

function write(report: ModelReport, all: readonly ModelReport[]): void {
  const folder = folderOf(report.plan.id);
  const others = all.filter((other) => other !== report).map(({ evaluation }) => evaluation);
  writeFileSync(join(folder, 'evaluation.json'), `${JSON.stringify(report.evaluation, undefined, 1)}\n`);
  writeFileSync(join(folder, 'curve.svg'), curveSvg(`Training loss of ${report.plan.id}`, report.curve));
  writeFileSync(join(folder, 'README.md'), modelReadme(report, others, remarks[report.plan.id]));
}

function readJson(file: string): unknown {
  return JSON.parse(readFileSync(file, 'utf8'));
}

if (import.meta.main) {
  const tokenizer = loadFableTokenizer();
  const runtime = new Runtime({ threads: 1 });
  const { ngram, order, tokens } = trainNGram(zooModels[0]!, tokenizer);
  const baseline = { ...await scorePredictor(ngramPredictor(ngram), tokenizer), order, tokens };
  const reports: ModelReport[] = [];
  for (const { id } of zooModels) {
    if (!existsSync(join(folderOf(id), 'model.safetensors'))) continue;
    process.stdout.write(`${id}\n`);
    reports.push(await evaluate(id, runtime, tokenizer, baseline));
  }
  await runtime.dispose();
  for (const report of reports) write(report, reports);
  const readme = join(zoo, 'README.md');
  writeFileSync(readme, replaceSection(readFileSync(readme, 'utf8'), 'models', modelTable(reports)));
}
