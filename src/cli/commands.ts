/** The commands of the CLI, each loaded when it is asked for. */
import type { RegisteredCommand } from './cli.ts';

export const commands: ReadonlyMap<string, RegisteredCommand> = new Map<string, RegisteredCommand>([
  ['inspect', { isolated: true, load: async () => (await import('./commands/inspect.ts')).inspect }],
  ['run', { isolated: true, load: async () => (await import('./commands/run.ts')).run }],
  ['grad', { isolated: true, load: async () => (await import('./commands/grad.ts')).grad }],
  ['sweep', { isolated: true, load: async () => (await import('./commands/sweep.ts')).sweepCommand }],
  ['edges', { isolated: true, load: async () => (await import('./commands/edges.ts')).edges }],
  ['circuit', { isolated: true, load: async () => (await import('./commands/circuit.ts')).circuit }],
  ['graph', { isolated: true, load: async () => (await import('./commands/graph.ts')).graph }],
  ['heads', { isolated: true, load: async () => (await import('./commands/heads.ts')).heads }],
  ['dla', { isolated: true, load: async () => (await import('./commands/dla.ts')).dla }],
  ['lens', { isolated: true, load: async () => (await import('./commands/lens.ts')).lens }],
  ['train-lens', { isolated: true, load: async () => (await import('./commands/trainLens.ts')).trainLens }],
  ['trace', { isolated: true, load: async () => (await import('./commands/trace.ts')).trace }],
  ['train-sae', { isolated: true, load: async () => (await import('./commands/trainSae.ts')).trainSae }],
  ['sae-tradeoff', { isolated: true, load: async () => (await import('./commands/saeTradeoff.ts')).saeTradeoff }],
  ['encode', { isolated: true, load: async () => (await import('./commands/encode.ts')).encode }],
  ['metrics', { isolated: true, load: async () => (await import('./commands/metrics.ts')).metrics }],
  ['ground-truth', { isolated: true, load: async () => (await import('./commands/groundTruth.ts')).groundTruth }],
  ['harvest', { isolated: true, load: async () => (await import('./commands/harvest.ts')).harvest }],
  ['features', { isolated: false, load: async () => (await import('./commands/features.ts')).features }],
  ['feature', { isolated: false, load: async () => (await import('./commands/feature.ts')).featureCommand }],
  ['label', { isolated: true, load: async () => (await import('./commands/label.ts')).label }],
  ['merge', { isolated: false, load: async () => (await import('./commands/merge.ts')).merge }],
  ['evidence', { isolated: true, load: async () => (await import('./commands/evidence.ts')).evidence }],
  ['verify', { isolated: true, load: async () => (await import('./commands/verify.ts')).verify }],
]);
