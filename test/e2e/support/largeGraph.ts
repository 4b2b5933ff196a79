/** A synthetic graph in circuit-tracer's format: many nodes, each with a few inputs from earlier layers. */

const [layers, positions] = [24, 40];

/** JSON text of a graph of `count` features; every one has `inputs` links. Deterministic. */
export function largeGraph(count: number, inputs: number): string {
  const words = Array.from({ length: positions }, (_, position) => ` word${position}`);
  const common = (position: number) => ({ ctx_idx: position, run_idx: 0, reverse_ctx_idx: 0, token_prob: 0, is_target_logit: false });
  const nodes: string[] = words.map((_, position) => JSON.stringify({ ...common(position), node_id: `E_${position}_${position}`, jsNodeId: `E_${position}-${position}`, feature: position, layer: 'E', feature_type: 'embedding', clerp: '' }));
  const links: string[] = [];
  const idOf: string[] = [];
  const logit = `${layers + 1}_7_${positions - 1}`;
  for (let index = 0; index < count; index++) {
    const layer = Math.floor((index * layers) / count);
    const position = (index * 7) % positions;
    const id = `${layer}_${index}_${position}`;
    idOf.push(id);
    const pair = ((layer + index) * (layer + index + 1)) / 2 + index;
    nodes.push(JSON.stringify({ ...common(position), node_id: id, jsNodeId: `${layer}_${index}-0`, feature: pair, layer: String(layer), feature_type: 'cross layer transcoder', clerp: index % 500 === 0 ? `label ${index}` : '', activation: 1 + (index % 9), influence: 0.5 }));
    links.push(JSON.stringify({ source: `E_${position}_${position}`, target: id, weight: 0.1 }));
    const earlier = Math.floor((layer * count) / layers);
    for (let input = 0; input < inputs && earlier > 0; input++) links.push(JSON.stringify({ source: idOf[(index * 31 + input * 977) % earlier], target: id, weight: ((index + input) % 3 === 0 ? -1 : 1) * (0.1 + ((index + input) % 10) / 10) }));
    if (layer === layers - 1) links.push(JSON.stringify({ source: id, target: logit, weight: 0.01 * (1 + (index % 100)) }));
  }
  nodes.push(JSON.stringify({ ...common(positions - 1), node_id: logit, jsNodeId: `L_7-${positions - 1}`, feature: 7, layer: String(layers + 1), feature_type: 'logit', clerp: 'Output " Mary" (p=0.9)', influence: null, token_prob: 0.9, is_target_logit: true }));
  const metadata = JSON.stringify({ slug: 'large', scan: 'synthetic', prompt_tokens: words, prompt: words.join(''), schema_version: 1, node_threshold: 0.8 });
  return `{"metadata":${metadata},"qParams":{"linkType":"both","pinnedIds":[],"clickedId":"","supernodes":[],"sg_pos":""},"nodes":[${nodes.join(',')}],"links":[${links.join(',')}]}`;
}
