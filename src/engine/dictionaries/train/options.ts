/** What to train and how: options of dictionary training with the defaults of algorithms reference §15. */
import { MechanistError } from '../../errors.ts';
import type { AdamWOptions } from '../../training/adamw.ts';

export type TrainingArchitecture = 'standard' | 'topk' | 'batchtopk' | 'jumprelu' | 'gated' | 'matryoshka';

/** The dictionary to be trained. */
export interface DictionaryShape {
  readonly kind: 'sae' | 'transcoder' | 'clt';
  readonly architecture: TrainingArchitecture;
  readonly dIn: number;
  readonly dOut: number;
  /** Latents; per layer for a cross-layer transcoder. */
  readonly nLatents: number;
  /** Layers of a cross-layer transcoder; 1 otherwise. */
  readonly nLayers: number;
  /** Linear path from input to output beside the latents (transcoders). */
  readonly skip: boolean;
  /** Active latents per token: exact for topk, mean over the batch for batchtopk and matryoshka. */
  readonly k: number;
  /** Widths of the nested prefixes, increasing, the last equal to `nLatents` (matryoshka). */
  readonly widths: readonly number[];
}

export interface TrainingOptions extends DictionaryShape {
  readonly seed: number;
  /** Activations per step. */
  readonly batchSize: number;
  readonly steps: number;
  readonly adam: AdamWOptions;
  /** Peak rate, steps of linear warm-up, and the share of the steps at the end over which it falls to 0. */
  readonly learningRate: number;
  readonly warmup: number;
  readonly decay: number;
  /** Weight of the sparsity term: L1 for standard and gated, λ for jumprelu. */
  readonly sparsity: number;
  /** Steps over which the sparsity weight rises from 0. */
  readonly sparsityWarmup: number;
  /** jumprelu: `target` pulls L0 towards `k` by λ(L0/k − 1)²; `tanh` penalises λ Σ tanh(c·f·‖W_dec‖). */
  readonly sparsityLoss: 'target' | 'tanh';
  /** jumprelu: width of the straight-through estimator's window. */
  readonly bandwidth: number;
  /**
   * jumprelu: where thresholds start. Default: where the first batch has `initialExcess · k` active latents, since in a
   * short training thresholds cannot travel far.
   */
  readonly initialThreshold: number | undefined;
  readonly initialExcess: number;
  /** jumprelu, tanh loss: scale c, and weight of Σ relu(θ − h)·‖W_dec‖ over dead latents. */
  readonly tanhScale: number;
  readonly preActLoss: number;
  /** topk family: weight of the auxiliary loss and how many dead latents take part in it. */
  readonly auxiliary: number;
  readonly auxiliaryK: number;
  /** A latent is dead when it has not fired on this many tokens. */
  readonly deadAfter: number;
  /** Decay of the running mean of the batch threshold, and the step from which it is kept (batchtopk). */
  readonly thresholdDecay: number;
  readonly thresholdStart: number;
  /** Keep decoder rows at unit norm and remove the parallel part of their gradient. */
  readonly unitNormDecoder: boolean;
}

export type TrainingRequest = Partial<Omit<TrainingOptions, 'adam'>> &
  Pick<TrainingOptions, 'architecture' | 'dIn' | 'nLatents' | 'steps'> & { readonly adam?: Partial<AdamWOptions> };

/** Completes a request with defaults and checks it. Errors: `argument` naming the option. */
export function trainingOptions(request: TrainingRequest): TrainingOptions {
  const kind = request.kind ?? 'sae';
  const { architecture, nLatents, dIn, steps } = request;
  const dOut = request.dOut ?? dIn;
  const topkFamily = isTopkFamily(architecture);
  const jump = architecture === 'jumprelu';
  const { adam, ...given } = request;
  const options: TrainingOptions = {
    kind, dOut, nLayers: 1, skip: false, k: 32,
    widths: architecture === 'matryoshka' ? [nLatents >> 3, nLatents >> 2, nLatents >> 1, nLatents] : [nLatents],
    seed: 0,
    batchSize: 4096,
    learningRate: defaultLearningRate(architecture, nLatents),
    warmup: Math.min(1000, Math.ceil(steps / 20)),
    decay: 0.2,
    sparsity: jump ? 1 : 0.05,
    sparsityWarmup: jump ? Math.min(2000, Math.ceil(steps / 4)) : Math.ceil(steps / 20),
    sparsityLoss: 'target',
    bandwidth: 0.05,
    initialThreshold: undefined,
    initialExcess: 2,
    tanhScale: 4,
    preActLoss: 3e-6,
    auxiliary: topkFamily ? 1 / 32 : 0,
    auxiliaryK: Math.max(1, Math.floor(dOut / 2)),
    // 10 M tokens as in the literature, or a tenth of a training that is shorter than that.
    deadAfter: Math.min(10_000_000, Math.ceil((steps * (request.batchSize ?? 4096)) / 10)),
    thresholdDecay: 0.999,
    thresholdStart: Math.min(1000, Math.floor(steps / 2)),
    unitNormDecoder: kind !== 'clt' && architecture !== 'standard',
    ...given,
    adam: { beta1: jump ? 0 : 0.9, beta2: 0.999, epsilon: 1e-8, weightDecay: 0, clipNorm: 1, ...adam },
  };
  validate(options);
  return options;
}

/** Learning rate at `step`, counted from 1: linear warm-up, constant, linear decay to 0. */
export function learningRateAt({ learningRate, warmup, decay, steps }: TrainingOptions, step: number): number {
  const rising = warmup === 0 ? 1 : Math.min(1, step / warmup);
  const falling = decay === 0 ? 1 : Math.min(1, (steps - step + 1) / (decay * steps));
  return learningRate * rising * falling;
}

/** Weight of the sparsity term at `step`, counted from 1. */
export function sparsityAt({ sparsity, sparsityWarmup }: TrainingOptions, step: number): number {
  return sparsityWarmup === 0 ? sparsity : sparsity * Math.min(1, step / sparsityWarmup);
}

/** Architectures whose latents are chosen by rank. */
export function isTopkFamily(architecture: TrainingArchitecture): boolean {
  return architecture === 'topk' || architecture === 'batchtopk' || architecture === 'matryoshka';
}

function defaultLearningRate(architecture: TrainingArchitecture, nLatents: number): number {
  if (isTopkFamily(architecture) || architecture === 'jumprelu') return 2e-4 / Math.sqrt(nLatents / 2 ** 14);
  return 3e-4;
}

function validate(o: TrainingOptions): void {
  const fail = (field: string, statement: string): never => {
    throw new MechanistError('argument', statement, { field });
  };
  for (const field of ['dIn', 'dOut', 'nLatents', 'nLayers', 'batchSize', 'steps', 'auxiliaryK'] as const) {
    if (!Number.isSafeInteger(o[field]) || o[field] < 1) fail(field, 'Expected a positive integer.');
  }
  if (o.kind === 'sae' && o.dIn !== o.dOut) fail('dOut', 'An autoencoder reads and writes the same width.');
  if (o.kind === 'sae' && o.skip) fail('skip', 'A skip path makes an autoencoder pointless.');
  if (o.kind === 'clt' && !['batchtopk', 'jumprelu', 'standard'].includes(o.architecture)) {
    fail('architecture', 'A cross-layer transcoder is trained as standard, batchtopk or jumprelu.');
  }
  if (o.kind === 'clt' && o.skip) fail('skip', 'Cross-layer transcoders are trained without a skip path.');
  if (isTopkFamily(o.architecture) && !(o.k >= 1 && o.k <= o.nLatents)) fail('k', `Expected a number from 1 to ${o.nLatents}.`);
  if (o.architecture === 'topk' && !Number.isInteger(o.k)) fail('k', 'Expected an integer.');
  if (o.widths.at(-1) !== o.nLatents || o.widths.some((w, i) => w <= (o.widths[i - 1] ?? 0))) {
    fail('widths', 'Nested widths must increase and end at the number of latents.');
  }
}
