import type { Graph } from '../../graph/ir.ts';
import type { JsonObject } from '../jsonFile.ts';
import type { TransformerConfig } from '../model.ts';
export function nameHooks(graph: Graph, _config: JsonObject | undefined): { graph: Graph; family: string; config: TransformerConfig | undefined } {
  return { graph, family: 'onnx', config: undefined };
}
