/** ONNX models: decoded, their weights read, and imported as far as that goes without execution. */
import { decodeModel } from '../../src/engine/graph/codec/decode.ts';
import { foldShapes } from '../../src/engine/graph/import/fold.ts';
import { importGraph } from '../../src/engine/graph/import/importGraph.ts';
import { onnxSeeds } from './onnxSeeds.ts';
import { onlyTypedErrors } from './target.ts';

export const fuzz = onlyTypedErrors((data) => {
  const decoded = decodeModel(data, { file: 'fuzz.onnx' });
  for (const stored of decoded.weights.values()) stored.load();
  foldShapes(importGraph(decoded).graph);
});

export const seeds = onnxSeeds;
