/** A graph file too large for a text in memory, written piece by piece in circuit-tracer's format. */
import { closeSync, openSync, writeSync } from 'node:fs';

const [features, layers, positions] = [100_000, 24, 40];

/** Writes links until the file has `bytes`; returns how many there are. Deterministic. */
export function writeHugeGraph(file: string, bytes: number): number {
  const descriptor = openSync(file, 'w');
  let pieces: string[] = [];
  let [written, links] = [0, 0];
  const flush = (): void => { written += writeSync(descriptor, pieces.join('')); pieces = []; };
  const layerOf = (index: number): number => Math.floor((index * layers) / features);
  const idOf = (index: number): string => `${layerOf(index)}_${index}_${(index * 7) % positions}`;
  const words = Array.from({ length: positions }, (_, position) => ` w${position}`);
  pieces.push(`{"metadata":${JSON.stringify({ slug: 'huge', scan: 'synthetic', prompt_tokens: words, prompt: words.join(''), schema_version: 1 })},"qParams":{},"nodes":[`);
  for (let position = 0; position < positions; position++) pieces.push(`{"node_id":"E_${position}_${position}","feature":${position},"layer":"E","ctx_idx":${position},"feature_type":"embedding","clerp":""},`);
  for (let index = 0; index < features; index++) {
    pieces.push(`{"node_id":"${idOf(index)}","feature":${index},"layer":"${layerOf(index)}","ctx_idx":${(index * 7) % positions},"feature_type":"cross layer transcoder","clerp":"","activation":1,"influence":${(index % 100) / 100}},`);
  }
  pieces.push(`{"node_id":"${layers + 1}_7_${positions - 1}","feature":7,"layer":"${layers + 1}","ctx_idx":${positions - 1},"feature_type":"logit","clerp":"Output \\"x\\" (p=0.9)","is_target_logit":true,"token_prob":0.9}],"links":[`);
  for (let index = features - 1; index >= 0 && (written < bytes || index >= features - 4000); index--) {
    const earlier = Math.ceil((layerOf(index) * features) / layers);
    for (let k = 0; k < 80 && earlier > 0; k++) {
      pieces.push(`${links === 0 ? '' : ','}{"source":"${idOf((index * 31 + k * 977) % earlier)}","target":"${idOf(index)}","weight":${((index + k) % 17) / 10 - 0.75}}`);
      links++;
    }
    if (layerOf(index) === layers - 1) {
      pieces.push(`,{"source":"${idOf(index)}","target":"${layers + 1}_7_${positions - 1}","weight":0.1}`);
      links++;
    }
    if (index % 1000 === 0) flush();
  }
  pieces.push(']}');
  flush();
  closeSync(descriptor);
  return links;
}
