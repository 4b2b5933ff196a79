/** Options that several commands have, and what they mean. */
import { totalmem } from 'node:os';
import { Runtime } from '../engine/runtime/runtime.ts';
import type { ExecutionProvider } from '../engine/runtime/program.ts';
import { UsageError } from './command.ts';
import type { Option, OptionValues } from './command.ts';

export const modelOptions = {
  download: { type: 'boolean', description: 'If MODEL is a hub id that is not in the cache, download it.' },
  revision: { type: 'string', value: 'NAME', description: 'Branch, tag or commit of a hub id (default main).' },
} as const satisfies Readonly<Record<string, Option>>;

export const runtimeOptions = {
  threads: { type: 'string', value: 'N', description: 'Threads inside one operator (default: chosen by the runtime).' },
  provider: { type: 'string', value: 'NAME', description: 'Execution provider: cpu (default), webgpu, cuda, coreml or dml.' },
} as const satisfies Readonly<Record<string, Option>>;

export const modelNotes = 'MODEL is a Hugging Face folder, an .onnx file, the name of a bundled model, or a hub id (from the cache, or with --download).';

/** Lets `work` use a runtime as the options ask, and releases it afterwards. Runs that cannot fit into memory are refused. */
export async function withRuntime<T>(options: OptionValues, work: (runtime: Runtime) => Promise<T>): Promise<T> {
  const provider = options.text('provider');
  if (provider !== undefined && !isProvider(provider)) throw new UsageError(`"${provider}" is not an execution provider; there are ${providers.join(', ')}.`);
  const threads = positiveInteger(options, 'threads');
  const runtime = new Runtime({
    memoryLimit: totalmem(),
    ...(provider === undefined ? {} : { provider }),
    ...(threads === undefined ? {} : { threads }),
  });
  try {
    return await work(runtime);
  } finally {
    await runtime.dispose();
  }
}

/** The value of an option that takes a whole number above zero. Errors: `UsageError`. */
export function positiveInteger(options: OptionValues, name: string): number | undefined {
  const text = options.text(name);
  if (text === undefined) return undefined;
  if (!/^[1-9]\d{0,8}$/.test(text)) throw new UsageError(`--${name} takes a whole number above zero, not "${text}".`);
  return Number(text);
}

const providers: readonly ExecutionProvider[] = ['cpu', 'webgpu', 'cuda', 'coreml', 'dml'];

function isProvider(name: string): name is ExecutionProvider {
  return (providers as readonly string[]).includes(name);
}
