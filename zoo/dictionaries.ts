/** The zoo's dictionaries: hook points, architecture, size and training of each. Data only. */
import type { TrainingRequest } from '../src/engine/dictionaries/train/options.ts';

export interface DictionaryPlan {
  /** Model of the zoo it belongs to. */
  readonly model: string;
  /** Folder under `zoo/models/{model}/dictionaries`, and the dictionary in subject URIs. */
  readonly id: string;
  /** A set holds one transcoder per pair of hook points, a cross-layer transcoder spans all of them. */
  readonly kind: 'sae' | 'transcoders' | 'clt';
  readonly inputs: readonly string[];
  readonly outputs: readonly string[];
  readonly training: Omit<TrainingRequest, 'dIn' | 'dOut' | 'nLayers' | 'kind'>;
}

type Training = DictionaryPlan['training'];

const saeTraining: Training = { architecture: 'topk', nLatents: 3072, k: 24, steps: 900, batchSize: 1024, learningRate: 3e-3, seed: 11 };
/** The first and the last layer need fewer latents: of 3,072 a third never fired. */
const outerTraining: Training = { ...saeTraining, nLatents: 1536, k: 16 };
/** Few, denser latents, which stand for categories where the wide dictionaries split them into words. */
const coarseTraining: Training = { architecture: 'standard', nLatents: 512, sparsity: 0.03, steps: 800, batchSize: 1024, learningRate: 3e-3, seed: 14 };
const transcoderTraining: Training = { ...saeTraining, nLatents: 2048, k: 32, seed: 12 };
const crossLayerTraining: Training = { architecture: 'jumprelu', nLatents: 1024, k: 24, steps: 600, batchSize: 1024, learningRate: 2e-3, seed: 13 };

const layers = [0, 1, 2, 3];
const residual = (layer: number): string => `blocks.${layer}.hook_resid_post`;

export const zooDictionaries: readonly DictionaryPlan[] = [
  ...layers.map((layer) => autoencoder('fable-4l', residual(layer), layer === 0 || layer === 3 ? outerTraining : saeTraining)),
  autoencoder('fable-4l', 'blocks.2.attn.hook_z'),
  autoencoder('fable-4l', 'blocks.2.hook_mlp_out'),
  ...layers.map((layer) => coarse('fable-4l', residual(layer))),
  ...layers.slice(1).map((layer) => coarse('fable-4l', `blocks.${layer}.attn.hook_z`)),
  transcoders('fable-4l'),
  {
    model: 'fable-4l', id: 'clt', kind: 'clt',
    inputs: layers.map((layer) => `blocks.${layer}.ln2.hook_normalized`),
    outputs: layers.map((layer) => `blocks.${layer}.hook_mlp_out`),
    training: crossLayerTraining,
  },
  autoencoder('fable-4l-b', residual(1)),
  autoencoder('fable-4l-b', residual(2)),
  transcoders('fable-4l-b', { ...transcoderTraining, steps: 800 }),
];

function autoencoder(model: string, hook: string, training: Training = saeTraining): DictionaryPlan {
  return { model, id: hook, kind: 'sae', inputs: [hook], outputs: [hook], training };
}

function coarse(model: string, hook: string): DictionaryPlan {
  return { ...autoencoder(model, hook, coarseTraining), id: `${hook}.coarse` };
}

function transcoders(model: string, training: Training = transcoderTraining): DictionaryPlan {
  return {
    model, id: 'transcoders', kind: 'transcoders',
    inputs: layers.map((layer) => `blocks.${layer}.ln2.hook_normalized`),
    outputs: layers.map((layer) => `blocks.${layer}.hook_mlp_out`),
    training,
  };
}
