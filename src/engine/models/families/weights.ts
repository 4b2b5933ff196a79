/**
 * How the tensors of a Hugging Face checkpoint become parameters, as data: for each parameter (TransformerLens name)
 * the stored tensor and where in it the values lie. Read forwards to load a model, backwards to save one.
 */

/** Evenly spaced runs of rows or columns of a stored matrix; `count` runs of `length`, `step` apart. */
export interface Part {
  readonly axis: 0 | 1;
  readonly start: number;
  readonly length: number;
  readonly count: number;
  readonly step: number;
}

export interface WeightSource {
  /** Name in the checkpoint. */
  readonly from: string;
  /** Shape in the checkpoint. */
  readonly stored: readonly number[];
  /** Shape of the parameter. */
  readonly dims: readonly number[];
  /** Default: the whole tensor. */
  readonly part?: Part;
  /** The part, seen as a matrix, is transposed. */
  readonly transpose?: boolean;
  /** parameter = stored · scale + shift. */
  readonly scale?: number;
  readonly shift?: number;
}

/** Parameter name → source. */
export type WeightMap = ReadonlyMap<string, WeightSource>;
export type WeightEntries = Iterable<readonly [string, WeightSource]>;

/** Stored as it is. */
export function plain(from: string, ...dims: number[]): WeightSource {
  return { from, stored: dims, dims };
}

/** A `torch.nn.Linear` weight, stored [out, in]; the parameter is [in, out]. */
export function linear(from: string, input: number, output: number): WeightSource {
  return { from, stored: [output, input], dims: [input, output], transpose: true };
}

/** The same values under another shape. */
export function reshaped(from: string, stored: readonly number[], dims: readonly number[]): WeightSource {
  return { from, stored, dims };
}

/** `{name}.w` and, where the norm has one, `{name}.b`. */
export function norm(name: string, from: string, width: number, bias = true): (readonly [string, WeightSource])[] {
  const entries: (readonly [string, WeightSource])[] = [[`${name}.w`, plain(`${from}.weight`, width)]];
  if (bias) entries.push([`${name}.b`, plain(`${from}.bias`, width)]);
  return entries;
}

/** A linear layer's weight and, where it has one, its bias. */
export function dense(weight: string, bias: string | undefined, from: string, input: number, output: number): (readonly [string, WeightSource])[] {
  const entries: (readonly [string, WeightSource])[] = [[weight, linear(`${from}.weight`, input, output)]];
  if (bias !== undefined) entries.push([bias, plain(`${from}.bias`, output)]);
  return entries;
}

/** The entries of every layer. */
export function perLayer(count: number, entries: (layer: number) => WeightEntries): (readonly [string, WeightSource])[] {
  return Array.from({ length: count }, (_, layer) => [...entries(layer)]).flat();
}
