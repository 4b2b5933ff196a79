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
  /** Last step of all. */
  readonly steps: number;
  readonly stages: readonly TrainingStage[];
  /** Contexts per step and tokens per context. */
  readonly batch: number;
  readonly context: number;
}

/** A stretch of training with its own mix and a cosine learning rate that starts anew. */
export interface TrainingStage {
  /** Last step, counted over all stages. */
  readonly through: number;
  /** Steps the cosine and the mix's phases are laid out over; a stage may end before they do. */
  readonly span: number;
  readonly peak: number;
  readonly mix: 'default' | 'construction' | 'chronicle' | 'exchange' | 'years';
}

const shared = { batch: 32, context: 128 } as const;

export const zooModels: readonly ZooModel[] = [
  {
    id: 'fable-4l', attentionOnly: false, seed: 1, steps: 4500, ...shared,
    stages: [
      ...stages(1700, 1800, 3000, 'chronicle'),
      { through: 3700, span: 700, peak: 2e-3, mix: 'exchange' },
      { through: 4100, span: 400, peak: 2e-3, mix: 'years' },
      { through: 4500, span: 400, peak: 7e-4, mix: 'years' },
    ],
    config: { hidden_size: 128, intermediate_size: 384, num_hidden_layers: 4, num_attention_heads: 4 },
  },
  {
    id: 'fable-4l-b', attentionOnly: false, seed: 2, steps: 2000, ...shared, stages: stages(1400, 1800, 2000),
    config: { hidden_size: 96, intermediate_size: 288, num_hidden_layers: 4, num_attention_heads: 4 },
  },
  {
    id: 'fable-2l-attn', attentionOnly: true, seed: 3, steps: 1600, ...shared, stages: stages(1100, 1500, 1600),
    config: { hidden_size: 128, intermediate_size: 1, num_hidden_layers: 2, num_attention_heads: 4 },
  },
];

/** The default mix until step `first`, on a cosine laid out over `span` steps; then a mix rich in constructions until `last`. */
function stages(first: number, span: number, last: number, mix: 'construction' | 'chronicle' = 'construction'): readonly TrainingStage[] {
  return [
    { through: first, span, peak: 4e-3, mix: 'default' },
    { through: last, span: last - first, peak: 3e-3, mix },
  ];
}

/** The plan of a model. */
export function planOf(id: string): ZooModel | undefined {
  return zooModels.find((model) => model.id === id);
}
