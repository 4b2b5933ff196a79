/** Gated latents (Rajamanoharan et al. 2024): a gate chooses, a magnitude path measures, and an auxiliary reconstruction trains the gate. */
import type { GraphBuilder } from '../../../graph/builder.ts';
import type { Latents } from './latents.ts';
import { appendIndicator, appendMeanSquare, appendRowNorms, detached } from './terms.ts';

export interface GatedInputs {
  /** x̃ W_enc [n, F], before either bias. */
  readonly shared: string;
  /** `b_gate`, `b_mag`, `r_mag` [F]. */
  readonly gate: string;
  readonly magnitude: string;
  readonly scale: string;
  /** `W_dec` [F, d] and `b_dec` [d]. */
  readonly decoder: string;
  readonly bias: string;
  /** Target [n, d]. */
  readonly y: string;
  readonly sparsity: string;
}

/** Penalties: L1 of the rectified gate, and the reconstruction from it with the decoder held fixed. */
export function appendGatedLatents(b: GraphBuilder, { shared, gate, magnitude, scale, decoder, bias, y, sparsity }: GatedInputs): Latents {
  const gating = b.add(shared, gate);
  const open = appendIndicator(b, gating, b.scalar(0));
  const acts = b.mul(open, b.unary('Relu', b.add(b.mul(shared, b.unary('Exp', scale)), magnitude)));
  const gated = b.unary('Relu', gating);
  const l1 = b.reduceMean(b.reduceSum(b.mul(gated, appendRowNorms(b, detached(b, decoder))), [1], false), [0], false);
  const viaGate = b.add(b.matmul(gated, detached(b, decoder)), detached(b, bias));
  return { acts, penalties: [b.mul(sparsity, l1), appendMeanSquare(b, b.sub(y, viaGate))] };
}
