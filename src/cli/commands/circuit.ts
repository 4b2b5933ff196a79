/** `mechanist circuit`: a circuit found on prompt pairs, and every test of it beside its nulls. */
import { readEapGraph, writeEapGraph } from '../../algorithmic/circuits/eapJson.ts';
import { evaluateCircuit } from '../../algorithmic/circuits/evaluate.ts';
import type { CircuitReport } from '../../algorithmic/circuits/evaluate.ts';
import { compareWithExact } from '../../algorithmic/circuits/exactEdges.ts';
import { CircuitSet } from '../../algorithmic/circuits/promptSets.ts';
import { scoreEdges } from '../../algorithmic/circuits/scoreEdges.ts';
import { membersOf, selectCircuit } from '../../algorithmic/circuits/select.ts';
import type { Selection } from '../../algorithmic/circuits/select.ts';
import { edgeGraphOf, edgeName } from '../../algorithmic/edges/edgeGraph.ts';
import type { NullSummary } from '../../engine/statistics.ts';
import { writeFileAtomically } from '../../engine/formats/atomicFile.ts';
import { readTextFile } from '../../engine/formats/textFile.ts';
import { UsageError, writeJson } from '../command.ts';
import type { Command, OptionValues } from '../command.ts';
import { positiveNumber, wholeNumber } from '../dictionaryOptions.ts';
import { edgeOptions, oneOf, scoreOptions } from '../edgeOptions.ts';
import { openModel } from '../openModel.ts';
import { pairGroups, promptGroups, promptOptions } from '../promptOptions.ts';
import { modelNotes, modelOptions, positiveInteger, runtimeOptions, withRuntime } from '../sharedOptions.ts';

/** A graph file has about 100 bytes for an edge. */
const mostBytes = 256 * 2 ** 20;

export const circuit: Command = {
  name: 'circuit',
  summary: 'Find a circuit of heads and MLPs and test it: faithfulness, completeness, minimality, random circuits, held-out prompts, uniqueness.',
  positionals: ['MODEL'],
  options: {
    ...promptOptions,
    'held-out': { type: 'string', value: 'FILE', description: 'Pairs on which the circuit is tested again; they have no part in finding it.' },
    ...edgeOptions,
    scores: { type: 'string', value: 'FILE', description: 'Take edge scores from a graph file of EAP-IG (JSON) instead of computing them.' },
    select: { type: 'string', value: 'NAME', description: 'greedy (default: from the logits backwards), top or threshold.' },
    edges: { type: 'string', value: 'N', description: 'Edges of a greedy or top selection (default: an eighth of all).' },
    threshold: { type: 'string', value: 'X', description: 'Smallest |score| of a threshold selection.' },
    nulls: { type: 'string', value: 'N', description: 'Random circuits of each kind, at least 50 (default 50).' },
    avoid: { type: 'string', value: 'N', description: 'Strongest edges the second search must do without (default 5; 0: no second search).' },
    exact: { type: 'string', value: 'N', description: 'Strongest edges measured exactly beside their estimates (default 20).' },
    seed: { type: 'string', value: 'N', description: 'Seed of every draw (default 0).' },
    out: { type: 'string', value: 'FILE', description: 'Also write scores and circuit as a graph file of EAP-IG (JSON).' },
    ...runtimeOptions,
    ...modelOptions,
  },
  notes: `Faithfulness is (m(C) − m(∅)) / (m(M) − m(∅)): 1 for the full model, 0 when every edge is corrupted. Cut edges carry corrupted
values. Everything goes to stdout as JSON: the circuit, its scores with 95 % bootstrap intervals over prompts, and the values of every null.
${modelNotes}`,
  async run({ positionals, options, signal, output }) {
    const how = scoreOptions(options);
    const seed = wholeNumber(options, 'seed') ?? 0;
    const nulls = positiveInteger(options, 'nulls') ?? 50;
    if (nulls < 50) throw new UsageError('--nulls takes at least 50: fewer do not give a 99th percentile.');
    const [avoid, compared] = [wholeNumber(options, 'avoid') ?? 5, wholeNumber(options, 'exact') ?? 20];
    const model = await openModel(positionals[0]!, options, output, signal);
    const graph = edgeGraphOf(model);
    const existing = graph.exists.reduce((sum, exists) => sum + exists, 0);
    const selection = selectionOf(options, existing);
    await withRuntime(options, async (runtime) => {
      const groups = await promptGroups(model, runtime, options);
      const heldFile = options.text('held-out');
      const held = heldFile === undefined ? undefined : await CircuitSet.create(model, runtime, await pairGroups(model, heldFile));
      const file = options.text('scores');
      const scores = file === undefined ? (await scoreEdges(model, runtime, groups, { ...how, seed, signal })).scores : readEapGraph(Buffer.from(readTextFile(file, mostBytes)), model, graph, file).scores;
      const chosen = selectCircuit(graph, scores, selection);
      const set = await CircuitSet.create(model, runtime, groups);
      const report = await evaluateCircuit(set, { circuit: chosen, scores, selection, nulls, avoid, seed, signal, ...(held === undefined ? {} : { heldOut: held }) });
      const exact = compared === 0 ? undefined : await compareWithExact(set, scores, compared, { signal });
      const out = options.text('out');
      if (out !== undefined) writeFileAtomically(out, [Buffer.from(writeEapGraph(model, graph, scores, chosen))]);
      writeJson(output, {
        model: model.id, modelHash: await model.hash(), ...(file === undefined ? how : { scores: file }), selection, seed,
        circuit: membersOf(chosen, scores).map((edge) => ({ edge: edgeName(graph, edge), score: scores[edge]! })),
        ...shown(report),
        exact: exact === undefined ? null : { ...exact, estimate: Array.from(exact.estimate), exact: Array.from(exact.exact), rankCorrelation: exact.rankCorrelation ?? null },
      });
    });
  },
};

function selectionOf(options: OptionValues, existing: number): Selection {
  const kind = oneOf('--select', options.text('select') ?? 'greedy', ['greedy', 'top', 'threshold'] as const);
  const threshold = positiveNumber(options, 'threshold');
  if (kind === 'threshold') {
    if (threshold === undefined) throw new UsageError('--select threshold needs --threshold.');
    return { kind, threshold };
  }
  if (threshold !== undefined) throw new UsageError('--threshold goes with --select threshold.');
  return { kind, edges: positiveInteger(options, 'edges') ?? Math.max(1, Math.round(existing / 8)) };
}

/** The report with what was not measured as null. */
function shown(report: CircuitReport): Record<string, unknown> {
  const { heldOut } = report;
  return {
    edges: report.edges, of: report.of, prompts: report.prompts, metric: { full: report.full, empty: report.empty, circuit: report.circuit },
    faithfulness: { value: report.faithfulness.value, interval: report.faithfulness.interval ?? null },
    complement: report.complement, random: shownNull(report.random), degreeMatched: { ...shownNull(report.degreeMatched), overlap: report.degreeMatched.overlap },
    heldOut: heldOut === undefined ? null : { prompts: heldOut.prompts, faithfulness: { value: heldOut.faithfulness.value, interval: heldOut.faithfulness.interval ?? null }, random: shownNull(heldOut.random) },
    rashomon: report.rashomon ?? null, minimality: report.minimality ?? null, curve: report.curve ?? null,
  };
}

function shownNull({ values, ...rest }: NullSummary): Record<string, unknown> {
  return { draws: rest.draws, p50: rest.p50, p99: rest.p99, p: rest.p, values: Array.from(values) };
}
