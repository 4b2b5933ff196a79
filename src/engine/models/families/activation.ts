/** The activation functions of the families, written in operators that have float64 kernels and that the runtime fuses. */
import type { GraphBuilder } from '../../graph/builder.ts';
import type { ConfigReader } from './configReader.ts';

/** Under Hugging Face's names, synonyms removed. */
export type Activation = 'relu' | 'gelu' | 'gelu_tanh' | 'quick_gelu' | 'silu' | 'tanh';

/** `name` is the name of the result. */
export function activate(b: GraphBuilder, activation: Activation, x: string, name?: string): string {
  const dtype = b.dtypeOf(x);
  const c = (value: number): string => b.scalar(value, dtype);
  switch (activation) {
    case 'relu': return b.unary('Relu', x, name);
    case 'tanh': return b.unary('Tanh', x, name);
    case 'silu': return b.mul(x, b.unary('Sigmoid', x), name);
    case 'quick_gelu': return b.mul(x, b.unary('Sigmoid', b.mul(x, c(1.702))), name);
    // The order of factors in these two is the one the runtime recognises and replaces by one kernel.
    case 'gelu': {
      const erf = b.unary('Erf', b.div(x, c(Math.SQRT2)));
      return b.mul(b.mul(x, b.add(erf, c(1))), c(0.5), name);
    }
    case 'gelu_tanh': {
      const cubic = b.add(b.mul(b.mul(x, c(0.044715)), x), c(1));
      const tanh = b.unary('Tanh', b.mul(cubic, b.mul(x, c(Math.sqrt(2 / Math.PI)))));
      return b.mul(b.add(tanh, c(1)), b.mul(x, c(0.5)), name);
    }
  }
}

/** The activation a config field names. Errors: `unsupported`. */
export function readActivation(config: ConfigReader, field: string, fallback: string): Activation {
  const name = config.string(field, fallback);
  const activation = names.get(name);
  return activation ?? config.unsupported(field, `The activation "${name}" is not known. Known: ${[...names.keys()].join(', ')}.`);
}

const names: ReadonlyMap<string, Activation> = new Map<string, Activation>([
  ['relu', 'relu'], ['tanh', 'tanh'], ['silu', 'silu'], ['swish', 'silu'], ['quick_gelu', 'quick_gelu'],
  ['gelu', 'gelu'], ['gelu_python', 'gelu'], ['gelu_new', 'gelu_tanh'], ['gelu_fast', 'gelu_tanh'], ['gelu_pytorch_tanh', 'gelu_tanh'],
]);
