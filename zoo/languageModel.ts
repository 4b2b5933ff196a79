/** Builds a zoo model of a plan with fresh weights, and the loss graph it is trained on. */
import { GraphBuilder } from '../src/engine/graph/builder.ts';
import type { Graph } from '../src/engine/graph/ir.ts';
import { appendMetric } from '../src/engine/metrics/append.ts';
import { createHuggingFace } from '../src/engine/models/create.ts';
import type { FamilyModel } from '../src/engine/models/families/familyModel.ts';
import { initializeParameters } from '../src/engine/training/initialize.ts';
import type { ZooModel } from './plans.ts';

/** The config.json of a plan. */
export function configOf(plan: ZooModel, vocabulary: number): Readonly<Record<string, unknown>> {
  const { hidden_size, num_attention_heads } = plan.config;
  return {
    architectures: ['LlamaForCausalLM'],
    model_type: 'llama',
    ...plan.config,
    num_key_value_heads: num_attention_heads,
    head_dim: hidden_size / num_attention_heads,
    vocab_size: vocabulary,
    max_position_embeddings: 512,
    rms_norm_eps: 1e-5,
    rope_theta: 10000,
    hidden_act: 'silu',
    attention_bias: false,
    mlp_bias: false,
    tie_word_embeddings: false,
    bos_token_id: 1,
    eos_token_id: 2,
    torch_dtype: 'float16',
  };
}

/** A model with random weights from the plan's seed. */
export function freshModel(plan: ZooModel, vocabulary: number): FamilyModel {
  const model = createHuggingFace(plan.id, configOf(plan, vocabulary));
  initializeParameters(model.parameters, plan.config.num_hidden_layers, plan.seed, 0.02, (name) => plan.attentionOnly && isMlp(name));
  return model;
}

/** Parameters that training changes. */
export function trainable(plan: ZooModel, model: FamilyModel): string[] {
  return [...model.parameters.names()].filter((name) => !(plan.attentionOnly && isMlp(name)));
}

/** The model's graph with its mean next-token loss as the tensor `loss`. */
export function lossGraph(model: FamilyModel): Graph {
  const b = new GraphBuilder(model.graph());
  b.identity(appendMetric(b, { kind: 'loss' }, model.output).value, 'loss');
  return b.build(['loss']);
}

const isMlp = (name: string): boolean => /\.(mlp\.|ln2\.)/.test(name);
