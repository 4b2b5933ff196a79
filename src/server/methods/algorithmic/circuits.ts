/** `circuit.*`: edge scores, circuits, their tests, and EAP-IG graph files. */
import { evaluateCircuit } from '../../../algorithmic/circuits/evaluate.ts';
import type { CircuitReport } from '../../../algorithmic/circuits/evaluate.ts';
import { compareWithExact, topEdges } from '../../../algorithmic/circuits/exactEdges.ts';
import { scoreEdges } from '../../../algorithmic/circuits/scoreEdges.ts';
import { readEapGraph, writeEapGraph } from '../../../algorithmic/circuits/eapJson.ts';
import { CircuitSet } from '../../../algorithmic/circuits/promptSets.ts';
import { membersOf, nodeOf, selectCircuit } from '../../../algorithmic/circuits/select.ts';
import { edgeGraphOf, edgeName } from '../../../algorithmic/edges/edgeGraph.ts';
import type { EdgeGraph } from '../../../algorithmic/edges/edgeGraph.ts';
import type { NullSummary } from '../../../engine/statistics.ts';
import { MechanistError } from '../../../engine/errors.ts';
import type { ParsedParams } from '../../../protocol/methods.ts';
import type { CircuitEdges, CircuitEvaluation, CircuitMembers, NullDistribution } from '../../../protocol/methods/algorithmicResults.ts';
import { running } from '../../running.ts';
import type { Job } from '../../scheduler.ts';
import type { Session } from '../../session.ts';
import { heldEdges, holdEdges } from './heldEdges.ts';
import { readPairText, requestPrompts } from './prompts.ts';

/** Errors: `unsupported` for models whose blocks do not split into edges; those of the prompts. */
export async function* circuitEdges(session: Session, params: ParsedParams<'circuit.edges'>, signal: AbortSignal): Job<CircuitEdges> {
  const open = session.model(params.model);
  const { model, runtime } = open;
  const edges = edgeGraphOf(model);
  yield { stage: 'prompts' };
  const { groups } = await requestPrompts(open, params.prompts);
  const result = yield* running(open, 'edges', signal, (progress) => scoreEdges(model, runtime, groups, { method: params.method, steps: params.steps, rule: params.rule, seed: params.seed, ...progress }));
  const key = holdEdges(open, { edges, scores: result.scores });
  const exact = params.exactTop === 0 || params.method === 'exact' ? undefined
    : yield* running(open, 'exact', signal, async (progress) => compareWithExact(await CircuitSet.create(model, runtime, groups), result.scores, params.exactTop, progress));
  return {
    edges: key, method: params.method, ...namesOf(edges), scores: result.scores, low: result.interval?.low, high: result.interval?.high,
    cleanMetric: result.clean, corruptedMetric: result.corrupted, exact,
  };
}

/** Errors: those of `readPairText` and `readEapGraph`. */
export async function* circuitImport(session: Session, params: ParsedParams<'circuit.import'>): Job<CircuitEdges> {
  const open = session.model(params.model);
  const edges = edgeGraphOf(open.model);
  yield { stage: 'reading' };
  const { scores } = readEapGraph(await readPairText(params.source), open.model, edges, params.source.kind === 'file' ? params.source.path : undefined);
  return {
    edges: holdEdges(open, { edges, scores }), method: 'import', ...namesOf(edges), scores,
    low: undefined, high: undefined, cleanMetric: undefined, corruptedMetric: undefined, exact: undefined,
  };
}

/** Errors: `not-found` for scores that are not kept, `argument` for the name of an edge that does not exist. */
export async function* circuitExtract(session: Session, params: ParsedParams<'circuit.extract'>): Job<CircuitMembers> {
  const { edges, scores } = heldEdges(session.model(params.model), params.edges);
  yield { stage: 'selecting' };
  const width = edges.receivers.length;
  const members = membersOf(selectCircuit(edges, scores, params.selection), scores).map((edge) => ({
    name: edgeName(edges, edge), sender: edges.senders[Math.floor(edge / width)]!.name, receiver: edges.receivers[edge % width]!.name, score: scores[edge]!,
  }));
  return { edges: members, nodes: [...new Set(members.flatMap(({ sender, receiver }) => [sender, nodeOf(receiver)]))], of: topEdges(edges, scores, Infinity).length };
}

/** Errors: as `circuit.extract`; those of `evaluateCircuit` and of the prompts. */
export async function* circuitEvaluate(session: Session, params: ParsedParams<'circuit.evaluate'>, signal: AbortSignal): Job<CircuitEvaluation> {
  const open = session.model(params.model);
  const { model, runtime } = open;
  const { edges, scores } = heldEdges(open, params.edges);
  const circuit = selectCircuit(edges, scores, params.selection);
  yield { stage: 'prompts' };
  const { groups } = await requestPrompts(open, params.prompts);
  const others = params.heldOut === undefined ? undefined : (await requestPrompts(open, params.heldOut)).groups;
  const report = yield* running(open, 'circuits', signal, async (progress) => evaluateCircuit(await CircuitSet.create(model, runtime, groups), {
    circuit, scores, selection: params.selection, nulls: params.nulls, curve: params.curve, minimality: params.minimality, avoid: params.avoid, seed: params.seed, ...progress,
    ...(others === undefined ? {} : { heldOut: await CircuitSet.create(model, runtime, others) }),
  }));
  return shownReport(report);
}

/** Errors: as `circuit.extract`. */
export async function* circuitExport(session: Session, params: ParsedParams<'circuit.export'>): Job<{ json: string }> {
  const open = session.model(params.model);
  const { edges, scores } = heldEdges(open, params.edges);
  yield { stage: 'writing' };
  if (scores.some((score) => !Number.isFinite(score))) throw new MechanistError('argument', 'Some scores are not finite numbers, so they cannot be written.');
  return { json: writeEapGraph(open.model, edges, scores, params.selection && selectCircuit(edges, scores, params.selection)) };
}

function namesOf(edges: EdgeGraph): Pick<CircuitEdges, 'senders' | 'receivers' | 'exists'> {
  return { senders: edges.senders.map(({ name }) => name), receivers: edges.receivers.map(({ name }) => name), exists: edges.exists };
}

function shownReport(report: CircuitReport): CircuitEvaluation {
  const interval = (found: { low: number; high: number } | undefined): readonly [number, number] | undefined => found && [found.low, found.high];
  const { heldOut, minimality, curve } = report;
  return {
    edges: report.edges, of: report.of, full: report.full, empty: report.empty, circuit: report.circuit,
    faithfulness: report.faithfulness.value, interval: interval(report.faithfulness.interval), complement: report.complement,
    random: shownNull(report.random), degreeMatched: { ...shownNull(report.degreeMatched), overlap: report.degreeMatched.overlap },
    heldOut: heldOut && { faithfulness: heldOut.faithfulness.value, interval: interval(heldOut.faithfulness.interval), random: shownNull(heldOut.random) },
    rashomon: report.rashomon,
    minimality: minimality && { ...minimality, loss: Float32Array.from(minimality.loss) },
    curve: curve && { ...curve, edges: Int32Array.from(curve.edges), faithfulness: Float32Array.from(curve.faithfulness), random: Float32Array.from(curve.random) },
  };
}

function shownNull({ draws, values, p50, p99, p }: NullSummary): NullDistribution {
  return { draws, values: Float32Array.from(values), p50, p99, p };
}
