/** A builder together with the weights of a model and the prefix that hook points and parameters of one tower carry. */
import type { GraphBuilder } from '../../graph/builder.ts';
import type { WeightMap } from './weights.ts';

export class Scope {
  readonly b: GraphBuilder;
  private readonly weights: WeightMap;
  private readonly prefix: string;

  constructor(b: GraphBuilder, weights: WeightMap, prefix = '') {
    this.b = b;
    this.weights = weights;
    this.prefix = prefix;
  }

  within(part: string): Scope {
    return new Scope(this.b, this.weights, `${this.prefix}${part}.`);
  }

  /** Full name of a hook point. */
  hook(name: string): string {
    return `${this.prefix}${name}`;
  }

  has(parameter: string): boolean {
    return this.weights.has(this.prefix + parameter);
  }

  /** Declares a parameter and returns its name. */
  weight(parameter: string): string {
    const name = this.prefix + parameter;
    return this.b.parameter(name, 'float32', this.weights.get(name)!.dims);
  }

  /** x · W (+ bias, where the model has one). `hook` names the result. */
  linear(x: string, weight: string, bias: string, hook?: string): string {
    const name = hook === undefined ? undefined : this.hook(hook);
    if (!this.has(bias)) return this.b.matmul(x, this.weight(weight), name);
    return this.b.add(this.b.matmul(x, this.weight(weight)), this.weight(bias), name);
  }

  /** A point at which the same tensor can be read and replaced under another name. */
  point(x: string, hook: string): string {
    return this.b.identity(x, this.hook(hook));
  }
}
