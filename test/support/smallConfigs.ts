/** One small configuration of every family, as a config.json would have it. */

const llama = {
  hidden_size: 24, num_attention_heads: 4, num_key_value_heads: 2, num_hidden_layers: 2, intermediate_size: 40, vocab_size: 37,
  max_position_embeddings: 32, rms_norm_eps: 1e-6, rope_theta: 10000, hidden_act: 'silu',
};
const encoder = { hidden_size: 24, num_attention_heads: 3, num_hidden_layers: 2, intermediate_size: 40, hidden_act: 'gelu', layer_norm_eps: 1e-12 };
const image = { image_size: 12, patch_size: 4, num_channels: 3 };
const id2label = { 0: 'a', 1: 'b', 2: 'c' };

export const smallConfigs: Readonly<Record<string, Readonly<Record<string, unknown>>>> = {
  gpt2: { model_type: 'gpt2', architectures: ['GPT2LMHeadModel'], n_embd: 24, n_head: 3, n_layer: 2, vocab_size: 37, n_positions: 32 },
  gpt_neo: {
    model_type: 'gpt_neo', architectures: ['GPTNeoForCausalLM'], hidden_size: 24, num_heads: 3, num_layers: 2, vocab_size: 37, max_position_embeddings: 32,
    window_size: 3, attention_types: [[['global', 'local'], 1]],
  },
  gpt_neox: {
    model_type: 'gpt_neox', architectures: ['GPTNeoXForCausalLM'], hidden_size: 32, num_attention_heads: 2, num_hidden_layers: 2, intermediate_size: 48,
    vocab_size: 37, max_position_embeddings: 32, rotary_pct: 0.25, use_parallel_residual: true,
  },
  gpt_neox_serial: {
    model_type: 'gpt_neox', architectures: ['GPTNeoXForCausalLM'], hidden_size: 32, num_attention_heads: 2, num_hidden_layers: 2, intermediate_size: 48,
    vocab_size: 37, max_position_embeddings: 32, rotary_pct: 0.25, use_parallel_residual: false,
  },
  opt: {
    model_type: 'opt', architectures: ['OPTForCausalLM'], hidden_size: 24, num_attention_heads: 3, num_hidden_layers: 2, ffn_dim: 48, vocab_size: 37,
    max_position_embeddings: 32, word_embed_proj_dim: 12,
  },
  llama: { ...llama, model_type: 'llama', architectures: ['LlamaForCausalLM'], attention_bias: true, mlp_bias: true },
  mistral: { ...llama, model_type: 'mistral', architectures: ['MistralForCausalLM'], sliding_window: 4 },
  qwen2: { ...llama, model_type: 'qwen2', architectures: ['Qwen2ForCausalLM'], tie_word_embeddings: false },
  qwen3: { ...llama, model_type: 'qwen3', architectures: ['Qwen3ForCausalLM'], head_dim: 10 },
  gemma: { ...llama, model_type: 'gemma', architectures: ['GemmaForCausalLM'], num_key_value_heads: 1, head_dim: 8 },
  gemma2: {
    ...llama, model_type: 'gemma2', architectures: ['Gemma2ForCausalLM'], head_dim: 8, query_pre_attn_scalar: 12, attn_logit_softcapping: 5, final_logit_softcapping: 8, sliding_window: 3,
  },
  phi: {
    model_type: 'phi', architectures: ['PhiForCausalLM'], hidden_size: 32, num_attention_heads: 4, num_key_value_heads: 2, num_hidden_layers: 2, intermediate_size: 48,
    vocab_size: 37, max_position_embeddings: 32, partial_rotary_factor: 0.5,
  },
  bert: { ...encoder, model_type: 'bert', architectures: ['BertForMaskedLM'], vocab_size: 37, max_position_embeddings: 16, type_vocab_size: 2 },
  distilbert: {
    model_type: 'distilbert', architectures: ['DistilBertForSequenceClassification'], dim: 24, n_heads: 3, n_layers: 2, hidden_dim: 40, vocab_size: 37,
    max_position_embeddings: 16, id2label,
  },
  vit: { ...encoder, ...image, model_type: 'vit', architectures: ['ViTForImageClassification'], id2label },
  deit: { ...encoder, ...image, model_type: 'deit', architectures: ['DeiTForImageClassificationWithTeacher'], id2label },
  clip: {
    model_type: 'clip', architectures: ['CLIPModel'], projection_dim: 12,
    text_config: { hidden_size: 16, num_attention_heads: 2, num_hidden_layers: 2, intermediate_size: 32, vocab_size: 37, max_position_embeddings: 10, eos_token_id: 2 },
    vision_config: { ...image, hidden_size: 20, num_attention_heads: 2, num_hidden_layers: 2, intermediate_size: 32 },
  },
};
