/** Sums over one document from which every dictionary metric follows; they add up over documents, so shards merge. */
import type { Tensor } from '../../engine/tensor.ts';

/** Sums over the counted positions of one document. All vectors belong to the output hook of the dictionary. */
export interface DocumentSums {
  /** Counted positions. */
  readonly n: number;
  /** Σ x [d] */
  readonly x: Float64Array;
  /** Σ ‖x‖², Σ ‖x̂‖², Σ x·x̂, Σ ‖x − x̂‖² */
  readonly xx: number;
  readonly rr: number;
  readonly xr: number;
  readonly ee: number;
  /** Σ cos(x, x̂) and Σ ‖x̂‖/‖x‖ */
  readonly cosine: number;
  readonly normRatio: number;
  /** Σ of active latents. */
  readonly active: number;
  /** Cross-entropy of the next token, summed, with the model as it is, spliced, and ablated. */
  readonly crossEntropy: Readonly<Record<Variant, number>>;
  /** KL from the clean distribution, summed. */
  readonly divergence: Readonly<Record<'dictionary' | 'zero', number>>;
  /** Positions whose next token is known. */
  readonly predictions: number;
}

export const variants = ['clean', 'dictionary', 'zero', 'mean'] as const;
export type Variant = (typeof variants)[number];

/** The scores of a set of documents. Definitions: algorithms reference §16. */
export interface Scores {
  /** Mean number of active latents per position. */
  readonly l0: number;
  /** Σ‖x − x̂‖² / Σ‖x − x̄‖², x̄ over the whole sample. */
  readonly fvu: number;
  readonly explainedVariance: number;
  /** (CE_ablated − CE_dictionary) / (CE_ablated − CE_clean), by zero and by mean ablation. */
  readonly ceRecoveredZero: number;
  readonly ceRecoveredMean: number;
  /** Nats per token by which the spliced model is worse. */
  readonly ceIncrease: number;
  readonly ceClean: number;
  readonly ceDictionary: number;
  readonly ceZero: number;
  readonly ceMean: number;
  /** Mean KL(clean ‖ spliced) in nats, and 1 − that / KL(clean ‖ zero-ablated). */
  readonly kl: number;
  readonly klRecovered: number;
  readonly cosine: number;
  /** Mean ‖x̂‖/‖x‖: below 1 means shrinkage. */
  readonly normRatio: number;
  /** E‖x̂‖² / E[x·x̂]: 1 means unbiased. */
  readonly reconstructionBias: number;
}

/** Scores from the sums of documents. Undefined quotients (a constant sample, ablation without effect) are NaN. */
export function scoresOf(documents: readonly DocumentSums[]): Scores {
  const d = documents[0]?.x.length ?? 0;
  const mean = new Float64Array(d);
  let [n, xx, rr, xr, ee, cosine, normRatio, active, predictions] = [0, 0, 0, 0, 0, 0, 0, 0, 0];
  const ce: Record<Variant, number> = { clean: 0, dictionary: 0, zero: 0, mean: 0 };
  const kl = { dictionary: 0, zero: 0 };
  for (const doc of documents) {
    n += doc.n;
    xx += doc.xx;
    rr += doc.rr;
    xr += doc.xr;
    ee += doc.ee;
    cosine += doc.cosine;
    normRatio += doc.normRatio;
    active += doc.active;
    predictions += doc.predictions;
    for (const variant of variants) ce[variant] += doc.crossEntropy[variant];
    kl.dictionary += doc.divergence.dictionary;
    kl.zero += doc.divergence.zero;
    for (let i = 0; i < d; i++) mean[i]! += doc.x[i]!;
  }
  const variance = xx - mean.reduce((sum, value) => sum + value * value, 0) / n;
  const fvu = quotient(ee, variance);
  return {
    l0: active / n,
    fvu,
    explainedVariance: 1 - fvu,
    ceRecoveredZero: quotient(ce.zero - ce.dictionary, ce.zero - ce.clean),
    ceRecoveredMean: quotient(ce.mean - ce.dictionary, ce.mean - ce.clean),
    ceIncrease: (ce.dictionary - ce.clean) / predictions,
    ceClean: ce.clean / predictions,
    ceDictionary: ce.dictionary / predictions,
    ceZero: ce.zero / predictions,
    ceMean: ce.mean / predictions,
    kl: kl.dictionary / predictions,
    klRecovered: 1 - quotient(kl.dictionary, kl.zero),
    cosine: cosine / n,
    normRatio: normRatio / n,
    reconstructionBias: quotient(rr, xr),
  };
}

/** Splits the per-row outputs of the evaluation programs into documents. */
export function documentsOf(rows: number, d: number, read: (name: string) => Tensor): DocumentSums[] {
  const values = (name: string): Float32Array => read(name).data as Float32Array;
  const x = values('sum_x');
  return Array.from({ length: rows }, (_, row) => {
    const at = (name: string): number => values(name)[row]!;
    return {
      n: at('n'),
      x: Float64Array.from(x.subarray(row * d, (row + 1) * d)),
      xx: at('xx'), rr: at('rr'), xr: at('xr'), ee: at('ee'),
      cosine: at('cosine'), normRatio: at('norm_ratio'), active: at('active'),
      crossEntropy: { clean: at('ce_clean'), dictionary: at('ce_dictionary'), zero: at('ce_zero'), mean: at('ce_mean') },
      divergence: { dictionary: at('kl_dictionary'), zero: at('kl_zero') },
      predictions: at('predictions'),
    };
  });
}

/** A quotient, or NaN where the denominator is too small to mean anything (house rule 3). */
function quotient(numerator: number, denominator: number): number {
  return Math.abs(denominator) < 1e-9 ? Number.NaN : numerator / denominator;
}
