/** What every way of making one optimisation step has in common: dense.ts runs one graph, sparse.ts touches only active latents. */
import type { Tensor } from '../../tensor.ts';

/** Activations in training units, float32: `x` [n, dIn] and `y` [n, dOut] (equal for an autoencoder; [n, layers, d] for a cross-layer transcoder). */
export interface Batch {
  readonly x: Tensor<'float32'>;
  readonly y: Tensor<'float32'>;
}

/** What changes from step to step. */
export interface StepControls {
  /** Counted from 1. */
  readonly step: number;
  readonly learningRate: number;
  readonly sparsity: number;
  /** 1 for dead latents, else 0; one entry per latent, layers after each other. */
  readonly dead: Float32Array;
}

export interface StepResult {
  /** Everything that was minimised. */
  readonly loss: number;
  /** Mean over tokens of ‖y − ŷ‖². */
  readonly reconstruction: number;
  /** Sparsity penalty and auxiliary loss, weighted. */
  readonly penalty: number;
  /** Mean number of active latents per token; per layer too for a cross-layer transcoder, summed. */
  readonly l0: number;
  readonly gradientNorm: number;
  /** 1 for latents that fired in this batch. */
  readonly fired: Float32Array;
  /** Smallest activation that was kept (batchtopk family), else undefined. */
  readonly batchThreshold: number | undefined;
}

/** Parameters under their names in `Dictionary`, in training units. */
export type Parameters = ReadonlyMap<string, Tensor<'float32'>>;

export interface TrainingStep {
  step(batch: Batch, controls: StepControls): Promise<StepResult>;
  parameters(): Parameters;
  /** Parameters and optimiser moments under names of their own, for a checkpoint. */
  state(): ReadonlyMap<string, Tensor<'float32'>>;
  /** Errors: `argument` when the state does not fit. */
  restore(state: ReadonlyMap<string, Tensor>): void;
  release(): Promise<void>;
}
