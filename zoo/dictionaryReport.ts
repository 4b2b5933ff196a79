/** Writes what is known of a dictionary beside it: `metrics.json` for programs and `README.md` for people. */
import { existsSync, readFileSync, readdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Interval } from '../src/semantic/metrics/bootstrap.ts';
import { contextLength, evaluation } from './contexts.ts';
import type { DictionaryPlan } from './dictionaries.ts';
import { dictionaryFolder } from './dictionaryFolder.ts';
import type { DictionaryMeasures } from './dictionaryMeasures.ts';

/** Time that training took. */
export interface Effort {
  readonly seconds: number;
  readonly cpuSeconds: number;
}

/** Contents of `metrics.json` of one dictionary. The file of that name one folder up holds those of all of a model. */
export interface DictionaryReport {
  readonly model: string;
  readonly modelHash: string;
  readonly id: string;
  readonly kind: DictionaryPlan['kind'];
  readonly command: string;
  readonly training: DictionaryPlan['training'] & { readonly tokens: number };
  /** Wall and CPU seconds of training on one thread. */
  readonly effort: Effort | undefined;
  readonly evaluation: { readonly split: string; readonly seed: number; readonly contexts: number; readonly contextLength: number };
  readonly measures: DictionaryMeasures;
}

/** Without `effort`, that of the report written before is kept. */
export function writeReport(plan: DictionaryPlan, modelHash: string, effort: Effort | undefined, measures: DictionaryMeasures): { summary: string } {
  const folder = dictionaryFolder(plan);
  const file = join(folder, 'metrics.json');
  const { training } = plan;
  const report: DictionaryReport = {
    model: plan.model, modelHash, id: plan.id, kind: plan.kind,
    command: `npm run zoo:dictionaries -- ${plan.model} ${plan.id}`,
    training: { ...training, tokens: training.steps * (training.batchSize ?? 4096) },
    effort: effort ?? (existsSync(file) ? readReport(file).effort : undefined),
    evaluation: { ...evaluation, contextLength },
    measures,
  };
  writeFileSync(file, toJson(report));
  writeFileSync(join(folder, 'README.md'), readme(report));
  const all = join(folder, '..');
  const reports = readdirSync(all).toSorted().map((name) => join(all, name, 'metrics.json')).filter((path) => existsSync(path)).map(readReport);
  writeFileSync(join(all, 'metrics.json'), toJson(reports));
  return { summary: table(report) };
}

function readReport(file: string): DictionaryReport {
  return JSON.parse(readFileSync(file, 'utf8')) as DictionaryReport;
}

/** Six significant digits: more than the intervals support. */
function toJson(value: unknown): string {
  return `${JSON.stringify(value, (_, part: unknown) => (typeof part === 'number' && !Number.isInteger(part) ? Number(part.toPrecision(6)) : part), 1)}\n`;
}

function readme(report: DictionaryReport): string {
  const { model, id, kind, training, effort, command, measures } = report;
  const { split, seed, contexts } = report.evaluation;
  const what = { sae: 'Sparse autoencoder', transcoders: 'Transcoders of every MLP', clt: 'Cross-layer transcoder of all MLPs' }[kind];
  const perLayer = kind === 'sae' ? '' : ' per layer';
  return `# ${model}: ${id}

${what}: ${training.architecture}, ${training.nLatents} latents${perLayer}, k ${training.k}. ${kind === 'sae' ? 'SAELens' : 'circuit-tracer'} layout; matrices in half precision.

${table(report)}

Measured on ${contexts} contexts of ${contextLength} tokens of the ${split} split (seed ${seed}), the first position of each left out${measures.dictionaries[0] === undefined ? '' : `; ${measures.dictionaries[0].interval}`}. CE recovered: (CE ablated − CE spliced) / (CE ablated − CE clean). Dead: never fired there. Dense: fired on more than 10 % of positions.

Made by \`${command}\`: ${training.steps} steps of ${training.batchSize} activations${perLayer === '' || kind === 'clt' ? '' : ' for each layer'}, seed ${training.seed}${effort === undefined ? '' : `, ${effort.seconds} s (${effort.cpuSeconds} s of CPU time, one thread)`}.
`;
}

function table({ id, measures: { dictionaries, replacement, layers } }: DictionaryReport): string {
  const lines: string[] = [];
  if (dictionaries.length > 0) {
    lines.push('| | L0 | FVU | CE recovered (zero) | CE recovered (mean) | KL, nats | dead | dense |', '|---|---|---|---|---|---|---|---|');
    for (const { id: name, scores, density } of dictionaries) {
      lines.push(`| ${name} | ${scores.l0.value.toFixed(1)} | ${interval(scores.fvu)} | ${interval(scores.ceRecoveredZero)} | ${interval(scores.ceRecoveredMean)} | ${interval(scores.kl)} | ${percent(density.dead)} | ${percent(density.dense)} |`);
    }
  }
  if (layers !== undefined) {
    lines.push('| layer | L0 | FVU | dead |', '|---|---|---|---|');
    for (const { layer, l0, fvu, dead } of layers) lines.push(`| ${id}/${layer} | ${l0.toFixed(1)} | ${fvu.toFixed(4)} | ${percent(dead)} |`);
  }
  if (replacement !== undefined) {
    const { ceIncrease, kl, ceClean } = replacement.scores;
    lines.push('', `Replacing all ${replacement.layers} MLPs at once costs ${interval(ceIncrease)} nats per token (CE of the model ${ceClean.value.toFixed(3)}), KL ${interval(kl)} nats.`);
  }
  return lines.join('\n');
}

function interval({ value, low, high }: Interval): string {
  return `${value.toFixed(4)} [${low.toFixed(4)}, ${high.toFixed(4)}]`;
}

function percent(share: number): string {
  return `${(100 * share).toFixed(1)} %`;
}
