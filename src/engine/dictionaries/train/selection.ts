/** The active (token, latent) pairs of a batch, by token and by latent. */

/** Compressed rows: token n's entries are `start[n] … start[n+1]`. */
export interface Selection {
  readonly start: Int32Array;
  /** Latent of each entry. */
  readonly latent: Int32Array;
  /** Activation of each entry, > 0. */
  readonly value: Float32Array;
}

/** From per-token top-k results [n, k]; entries that are not positive are dropped. */
export function selectRows(values: Float32Array, indices: BigInt64Array, n: number, k: number): Selection {
  const start = new Int32Array(n + 1);
  const latent = new Int32Array(n * k);
  const value = new Float32Array(n * k);
  let count = 0;
  for (let row = 0; row < n; row++) {
    for (let i = row * k; i < (row + 1) * k; i++) {
      if (values[i]! <= 0) continue;
      latent[count] = Number(indices[i]!);
      value[count++] = values[i]!;
    }
    start[row + 1] = count;
  }
  return { start, latent: latent.subarray(0, count), value: value.subarray(0, count) };
}

/** From a top-k over the flattened batch of `n` rows of width `nLatents`. */
export function selectFlat(values: Float32Array, indices: BigInt64Array, n: number, nLatents: number): Selection {
  const start = new Int32Array(n + 1);
  const position = new Int32Array(values.length);
  let count = 0;
  for (let i = 0; i < values.length; i++) {
    if (values[i]! <= 0) continue;
    position[i] = Number(indices[i]!);
    start[Math.floor(position[i]! / nLatents) + 1]!++;
    count++;
  }
  for (let row = 0; row < n; row++) start[row + 1]! += start[row]!;
  const next = start.slice(0, n);
  const latent = new Int32Array(count);
  const value = new Float32Array(count);
  for (let i = 0; i < values.length; i++) {
    if (values[i]! <= 0) continue;
    const row = Math.floor(position[i]! / nLatents);
    const at = next[row]!++;
    latent[at] = position[i]! - row * nLatents;
    value[at] = values[i]!;
  }
  return { start, latent, value };
}

/** The same pairs by latent: latent s has the entries `entry[start[s] … start[s+1]]`, whose tokens are in `token`. */
export interface ByLatent {
  readonly start: Int32Array;
  readonly entry: Int32Array;
  readonly token: Int32Array;
}

export function byLatent(selection: Selection, nLatents: number): ByLatent {
  const start = new Int32Array(nLatents + 1);
  for (const s of selection.latent) start[s + 1]!++;
  for (let s = 0; s < nLatents; s++) start[s + 1]! += start[s]!;
  const next = start.slice(0, nLatents);
  const entry = new Int32Array(selection.latent.length);
  const token = new Int32Array(selection.latent.length);
  for (let n = 0; n + 1 < selection.start.length; n++) {
    for (let e = selection.start[n]!; e < selection.start[n + 1]!; e++) {
      const at = next[selection.latent[e]!]!++;
      entry[at] = e;
      token[at] = n;
    }
  }
  return { start, entry, token };
}
