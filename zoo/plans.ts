/** The zoo's language models: architecture, seed and training plan of each. Data only. */

export interface ZooModel {
  readonly id: string;
  /** Contents of config.json, Hugging Face's Llama architecture. */
  readonly config: {
    readonly hidden_size: number;
    readonly intermediate_size: number;
    readonly num_hidden_layers: number;
    readonly num_attention_heads: number;
  };
  /** Attention only: the MLPs keep zero weights and are not trained. */
  readonly attentionOnly: boolean;
  readonly seed: number;
  readonly steps: number;
  /** Contexts per step and tokens per context. */
  readonly batch: number;
  readonly context: number;
  readonly learningRate: number;
}

const shared = { batch: 32, context: 128, learningRate: 4e-3 } as const;

export const zooModels: readonly ZooModel[] = [
  {
    id: 'fable-4l', attentionOnly: false, seed: 1, steps: 2400, ...shared,
    config: { hidden_size: 128, intermediate_size: 384, num_hidden_layers: 4, num_attention_heads: 4 },
  },
  {
    id: 'fable-4l-b', attentionOnly: false, seed: 2, steps: 1800, ...shared,
    config: { hidden_size: 96, intermediate_size: 288, num_hidden_layers: 4, num_attention_heads: 4 },
  },
  {
    id: 'fable-2l-attn', attentionOnly: true, seed: 3, steps: 1500, ...shared,
    config: { hidden_size: 128, intermediate_size: 1, num_hidden_layers: 2, num_attention_heads: 4 },
  },
];

/** The plan of a model. */
export function planOf(id: string): ZooModel | undefined {
  return zooModels.find((model) => model.id === id);
}
