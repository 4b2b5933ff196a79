/** Training a dictionary: the form, its request, the curves. Pure. */
import type { ModelSummary, Params } from '../../../src/protocol/methods.ts';
import type { TrainProgress } from '../../../src/protocol/methods/semanticResults.ts';
import type { SeriesChart } from '../../shared/charts/spec.ts';
import { t } from '../../shared/strings.ts';

export const architectures = ['topk', 'batchtopk', 'jumprelu', 'standard', 'gated', 'matryoshka'] as const;
export type Architecture = (typeof architectures)[number];

export interface TrainForm {
  readonly hook: string;
  readonly architecture: Architecture;
  readonly latents: string;
  readonly k: string;
  readonly sparsity: string;
  readonly steps: string;
  readonly files: readonly string[];
}

/** Whether an architecture is told how many features to use, or how much each costs. */
export const choosesCount = (architecture: Architecture): boolean => ['topk', 'batchtopk', 'matryoshka'].includes(architecture);

/** Hooks that a dictionary can be trained on here: what layers leave and write, whole vectors of the model. */
export function trainableHooks({ hookPoints }: ModelSummary): string[] {
  return hookPoints.filter((hook) => /^blocks\.\d+\.hook_(?:resid_post|resid_mid|mlp_out|attn_out)$/.test(hook));
}

export function firstForm(model: ModelSummary): TrainForm {
  const hooks = trainableHooks(model);
  const middle = hooks.filter((hook) => hook.endsWith('resid_post'));
  return { hook: middle[Math.floor((middle.length - 1) / 2)] ?? hooks[0] ?? '', architecture: 'topk', latents: String(4 * (model.width ?? 128)), k: '16', sparsity: '3', steps: '2000', files: [] };
}

export type FormProblem = { readonly field: 'hook' | 'latents' | 'k' | 'sparsity' | 'steps'; readonly message: string };

/** What is wrong with the form; empty when it can be sent. */
export function formProblems(form: TrainForm): FormProblem[] {
  const problems: FormProblem[] = [];
  const whole = (field: 'latents' | 'k' | 'steps', most: number): void => {
    const value = Number(form[field]);
    if (!Number.isInteger(value) || value < 1 || value > most) problems.push({ field, message: t('A whole number from 1 to {0}', most.toLocaleString('en')) });
  };
  if (form.hook === '') problems.push({ field: 'hook', message: t('This model has no hook that a dictionary can be trained on.') });
  whole('latents', 262_144);
  whole('steps', 1_000_000);
  if (choosesCount(form.architecture)) {
    whole('k', 4096);
    if (Number(form.k) >= Number(form.latents)) problems.push({ field: 'k', message: t('Fewer than there are features') });
  } else if (!(Number(form.sparsity) >= 0) || form.sparsity.trim() === '') problems.push({ field: 'sparsity', message: t('A number from 0') });
  return problems;
}

export function trainRequest(form: TrainForm, model: string, job: string, folder: string): Params<'semantic.train'> {
  return {
    model, job, folder, hook: form.hook, architecture: form.architecture, latents: Number(form.latents), steps: Number(form.steps),
    ...(choosesCount(form.architecture) ? { k: Number(form.k) } : { sparsity: Number(form.sparsity) }),
    corpus: form.files.length === 0 ? { kind: 'bundled' } : { kind: 'files', paths: [...form.files] },
  };
}

export type Curve = 'loss' | 'l0' | 'fvu' | 'dead';

export function curveChart(history: readonly TrainProgress[], curve: Curve): SeriesChart {
  const titles: Readonly<Record<Curve, string>> = { loss: t('loss'), l0: 'L0', fvu: t('FVU (variance not explained)'), dead: t('dead features') };
  return {
    kind: 'lines', title: titles[curve], x: { title: t('step') }, y: { title: titles[curve] },
    series: [{ name: titles[curve], role: 'main', x: history.map(({ step }) => step), y: history.map((one) => one[curve]) }],
  };
}

export function isTrainProgress(value: unknown): value is TrainProgress {
  return typeof value === 'object' && value !== null && typeof (value as Partial<TrainProgress>).step === 'number' && typeof (value as Partial<TrainProgress>).loss === 'number';
}
