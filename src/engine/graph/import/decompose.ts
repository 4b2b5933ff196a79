/** Contrib operators (domain `com.microsoft`) spelled out in standard ones, by the definitions of onnxruntime's ContribOperators.md. */
import { MechanistError } from '../../errors.ts';
import type { Graph } from '../ir.ts';
import { biasGelu, fastGelu, gelu, quickGelu } from './contrib/activations.ts';
import { attention, groupQueryAttention, multiHeadAttention } from './contrib/attention.ts';
import { fusedConv, fusedGemm, fusedMatMul, matMulNBits } from './contrib/matmul.ts';
import { embedLayerNormalization, simplifiedLayerNormalization, skipLayerNormalization, skipSimplifiedLayerNormalization } from './contrib/norms.ts';
import { rotaryEmbedding } from './contrib/rotary.ts';
import { nodeField, rewrite } from './rewrite.ts';
import type { RewriteRule } from './rewrite.ts';

const rules: ReadonlyMap<string, RewriteRule> = new Map<string, RewriteRule>([
  ['SimplifiedLayerNormalization', simplifiedLayerNormalization],
  ['SkipLayerNormalization', skipLayerNormalization],
  ['SkipSimplifiedLayerNormalization', skipSimplifiedLayerNormalization],
  ['EmbedLayerNormalization', embedLayerNormalization],
  ['Gelu', gelu],
  ['BiasGelu', biasGelu],
  ['FastGelu', fastGelu],
  ['QuickGelu', quickGelu],
  ['FusedMatMul', fusedMatMul],
  ['TransposeMatMul', fusedMatMul],
  ['FusedGemm', fusedGemm],
  ['FusedConv', fusedConv],
  ['MatMulNBits', matMulNBits],
  ['RotaryEmbedding', rotaryEmbedding],
  ['Attention', attention],
  ['MultiHeadAttention', multiHeadAttention],
  ['GroupQueryAttention', groupQueryAttention],
]);

/** These are written without a domain by onnxruntime's own tools, although ONNX has no such operators. */
const withoutDomain = new Set(['SimplifiedLayerNormalization', 'SkipSimplifiedLayerNormalization']);

/** The same computation in standard operators. Errors: `unsupported` naming a node that has no decomposition. */
export function decomposeContrib(graph: Graph): Graph {
  return rewrite(graph, (node) => {
    if (node.domain === '' && !withoutDomain.has(node.op)) return undefined;
    const rule = rules.get(node.op);
    if (rule === undefined) throw new MechanistError('unsupported', 'This contrib operator has no decomposition.', { field: nodeField(node) });
    return rule;
  });
}
