/** Image sizes. Exporters leave channels, height and width symbolic, although position embeddings fix them. */
import type { Graph, Shape } from '../../graph/ir.ts';
import { intsAttribute } from '../../graph/ir.ts';
import { isJsonObject } from '../jsonFile.ts';
import type { JsonObject } from '../jsonFile.ts';

/** Shapes of image inputs [batch, channels, height, width] whose sizes the file leaves open. */
export function pixelShapes(graph: Graph, config: JsonObject | undefined): Map<string, Shape> {
  const shapes = new Map<string, Shape>();
  for (const [name, { shape, dtype }] of graph.inputs) {
    if (shape?.length !== 4 || dtype !== 'float32' || shape.slice(1).every((dim) => typeof dim === 'number')) continue;
    const [channels, height, width] = sizesFromConfig(config) ?? sizesFromPatches(graph, name) ?? [];
    if (channels === undefined || height === undefined || width === undefined) continue;
    const batch = typeof shape[0] === 'string' && graph.inputs.size === 1 ? 'batch' : shape[0]!;
    shapes.set(name, [batch, channels, height, width]);
  }
  return shapes;
}

function sizesFromConfig(config: JsonObject | undefined): [number, number, number] | undefined {
  const vision = isJsonObject(config?.vision_config) ? config.vision_config : config;
  const size = vision?.image_size;
  if (typeof size !== 'number' && !Array.isArray(size)) return undefined;
  const [height, width] = typeof size === 'number' ? [size, size] : (size as unknown[]);
  const channels = vision?.num_channels ?? 3;
  return typeof height === 'number' && typeof width === 'number' && typeof channels === 'number' ? [channels, height, width] : undefined;
}

/** Patch size and channels from the first convolution, their number from a position embedding [1, n (+ class tokens), d]. */
function sizesFromPatches(graph: Graph, input: string): [number, number, number] | undefined {
  const conv = graph.nodes.find((node) => node.op === 'Conv' && node.inputs[0] === input);
  const weight = graph.parameters.get(conv?.inputs[1] ?? '')?.shape;
  const stride = conv === undefined ? undefined : intsAttribute(conv, 'strides');
  if (weight?.length !== 4 || stride?.[0] !== weight[2] || stride?.[1] !== weight[3]) return undefined;
  const [width, channels, height, breadth] = weight as number[];
  for (const { shape } of graph.parameters.values()) {
    const count = shape?.at(-2);
    if (shape === undefined || shape.at(-1) !== width || typeof count !== 'number' || shape.length > 3 || (shape.length === 3 && shape[0] !== 1)) continue;
    for (const extra of [1, 2, 0]) {
      const side = Math.sqrt(count - extra);
      if (Number.isInteger(side) && side > 0) return [channels!, side * height!, side * breadth!];
    }
  }
  return undefined;
}
