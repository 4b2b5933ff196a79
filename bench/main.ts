/**
 * `npm run bench -- [names] [--json FILE]`: prints JSON. Compare ratios within one run; absolute times belong to the
 * machine and the moment.
 */
import { writeFileSync } from 'node:fs';
import { cpus } from 'node:os';
import { parseArgs } from 'node:util';
import { benchAttributionGraph, benchBundledGraph } from './attributionGraph.ts';
import { benchEngine, benchPrograms } from './engine.ts';
import { benchCards, benchHarvest, benchStoreMemory, benchTable } from './features.ts';
import { benchLargeGraph } from './largeGraph.ts';
import { benchNotes } from './notes.ts';
import { benchPatching } from './patching.ts';
import { benchTopkTraining } from './topkTraining.ts';
import { benchTraining } from './training.ts';

const benches: Readonly<Record<string, () => Promise<unknown>>> = {
  engine64: () => benchEngine(64, 7),
  engine128: () => benchEngine(128, 5),
  patching: () => benchPatching(2),
  programs: () => benchPrograms(5),
  training: () => benchTraining(5),
  notes: () => Promise.resolve(benchNotes(2000, 10)),
  topkTraining: () => benchTopkTraining(5),
  attributionGraph: () => benchAttributionGraph(),
  bundledGraph: () => benchBundledGraph(),
  largeGraph: () => Promise.resolve(benchLargeGraph()),
  harvest: () => benchHarvest(5),
  storeMemory: () => benchStoreMemory(),
  featureTable: () => benchTable(),
  featureCards: () => benchCards('fable-4l'),
};

const { values, positionals } = parseArgs({ allowPositionals: true, options: { json: { type: 'string' } } });
const unknown = positionals.filter((name) => !Object.hasOwn(benches, name));
if (unknown.length > 0) {
  process.stderr.write(`error: no benchmark ${unknown.join(', ')}; there are ${Object.keys(benches).join(', ')}\n`);
  process.exit(2);
}
const report: Record<string, unknown> = { processor: cpus()[0]?.model, cores: cpus().length, node: process.version };
for (const name of positionals.length > 0 ? positionals : Object.keys(benches)) report[name] = await benches[name]!();
const text = JSON.stringify(report, undefined, 2);
if (values.json !== undefined) writeFileSync(values.json, text);
process.stdout.write(`${text}\n`);
