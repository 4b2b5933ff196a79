/** The instruments for assistants in the editor. Every answer says where its numbers come from, so that it can be cited. */
import { LanguageModelTextPart, LanguageModelToolResult, Uri, l10n, lm, workspace } from 'vscode';
import type { CancellationToken, LanguageModelToolInvocationOptions, LanguageModelToolInvocationPrepareOptions } from 'vscode';
import * as v from 'valibot';
import { failureText } from '../../protocol/failureText.ts';
import { assess } from '../../notes/grade/grade.ts';
import { gradeNames } from '../../notes/grade/rules.ts';
import type { FindingEntry } from '../../notes/noteIndex.ts';
import { formatLink } from '../../notes/subjects.ts';
import { Disposables } from '../disposables.ts';
import type { Disposable } from '../disposables.ts';
import type { OpenModels } from '../models/openModels.ts';
import type { EnginePort } from '../process/enginePort.ts';
import type { FindingNotes } from './findingNotes.ts';
import { short } from './linkHover.ts';
import { requireTrust, showAt } from './noteDocuments.ts';
import { bounded, toolInput, toolSchemas } from './toolRequests.ts';
import type { ToolInput, ToolName } from './toolRequests.ts';
import type { Verifier } from './verification.ts';
import { withSignal } from '../withSignal.ts';

interface ToolParts {
  readonly engine: EnginePort;
  readonly models: OpenModels;
  readonly notes: FindingNotes;
  readonly verifier: Verifier;
}

type Answers = { readonly [N in ToolName]: (parts: ToolParts, input: ToolInput<N>, signal: AbortSignal) => Promise<string> };

const citing = 'Cite findings by their mechanist: links. A number without a control is an observation, not evidence of use.';

const answers: Answers = { get_top_features: topFeatures, trace_prompt: tracePrompt, run_patching: runPatching, open_finding: openFinding, verify_finding: verifyFinding };

/** Nothing happens where the editor has no language model tools. */
export function registerTools(parts: ToolParts): Disposable {
  const owned = new Disposables();
  if (typeof lm?.registerTool !== 'function') return owned;
  for (const name of Object.keys(toolSchemas) as ToolName[]) {
    owned.add(lm.registerTool(name, {
      prepareInvocation: ({ input }: LanguageModelToolInvocationPrepareOptions<object>) => ({
        invocationMessage: invocationOf(name),
        ...(name === 'verify_finding' ? { confirmationMessages: { title: l10n.t('Run evidence again'), message: l10n.t('Runs what the finding "{0}" records on your machine. The note is not changed.', String((input as { id?: unknown }).id).slice(0, 80)) } } : {}),
      }),
      invoke: async ({ input }: LanguageModelToolInvocationOptions<object>, cancel: CancellationToken) => new LanguageModelToolResult([new LanguageModelTextPart(bounded(await answer(name, parts, input, cancel)))]),
    }));
  }
  return owned;
}

async function answer<N extends ToolName>(name: N, parts: ToolParts, input: unknown, cancel: CancellationToken): Promise<string> {
  try {
    return await withSignal(cancel, (signal) => answers[name](parts, toolInput(name, input), signal));
  } catch (error) {
    // The assistant is told what was wrong with its request; a person would be told the same.
    return error instanceof v.ValiError ? `The input is not valid: ${v.getDotPath(error.issues[0] as v.BaseIssue<unknown>) ?? ''} ${error.message}` : `This failed: ${failureText(error)}`;
  }
}

function invocationOf(name: ToolName): string {
  switch (name) {
    case 'get_top_features': return l10n.t('Reading features');
    case 'trace_prompt': return l10n.t('Tracing a prompt');
    case 'run_patching': return l10n.t('Patching activations');
    case 'open_finding': return l10n.t('Opening a finding');
    case 'verify_finding': return l10n.t('Running evidence again');
  }
}

async function topFeatures({ engine, models }: ToolParts, { text, count }: ToolInput<'get_top_features'>, signal: AbortSignal): Promise<string> {
  const { model, dictionary } = await models.need();
  if (dictionary === undefined) return `The model ${model.id} has no dictionary open, so it has no features to show.`;
  const { tokens } = await engine.call('text.inspect', { model: model.model, text, dictionary: dictionary.dictionary, topFeatures: count }, { signal });
  const lines = tokens.slice(0, 60).map((token) => `${JSON.stringify(token.text)}: ${token.features.map(({ feature, activation }) => `${formatLink({ kind: 'feature', model: model.id, dictionary: dictionary.id, index: feature })} ${short(activation)}`).join(', ') || 'none active'}`);
  return [`Strongest features of ${dictionary.id} (${dictionary.hash.slice(0, 12)}) in ${model.id} (${model.hash.slice(0, 12)}), by activation, no control:`, ...lines, citing].join('\n');
}

async function tracePrompt({ engine, models }: ToolParts, { text, predictions }: ToolInput<'trace_prompt'>, signal: AbortSignal): Promise<string> {
  const { model } = await models.need();
  const { tokens } = await engine.call('text.inspect', { model: model.model, text, topPredictions: predictions }, { signal });
  const list = (items: readonly { token: string; probability: number }[]): string => items.map(({ token, probability }) => `${JSON.stringify(token)} ${(100 * probability).toFixed(1)}%`).join(', ');
  const lens = await engine.call('text.lens', { model: model.model, text, token: tokens.length - 1, topPredictions: 3 }, { signal });
  return [
    `${model.id} (${model.hash.slice(0, 12)}) on the prompt, token by token (surprise in bits, then what it expects next):`,
    ...tokens.slice(0, 60).map((token) => `${JSON.stringify(token.text)} ${token.surprise === undefined ? '' : short(token.surprise)} → ${list(token.next)}`),
    'Logit lens at the last token:', ...lens.layers.map(({ hook, top }) => `${hook}: ${list(top)}`), citing,
  ].join('\n');
}

async function runPatching({ engine, models }: ToolParts, { clean, corrupted, answer: right, distractor, hook, head }: ToolInput<'run_patching'>, signal: AbortSignal): Promise<string> {
  const { model } = await models.need();
  const pairs = JSON.stringify({ clean, corrupted, answers: [right], distractors: [distractor] });
  const record = await engine.call('findings.run', { method: 'patching.activation', models: [model.id], inputs: { pairs }, parameters: { hook, ...(head === undefined ? {} : { head }) } }, { signal, priority: 'batch' });
  return `${record.metric} by ${hook}${head === undefined ? '' : ` head ${head}`} in ${model.id}: ${short(record.value)}; ${record.control?.name ?? 'control'}: ${short(record.control?.value ?? NaN)} (${record.control?.interval?.map(short).join(' to ') ?? 'no spread'}). One prompt pair only. ${citing}\n${JSON.stringify(record)}`;
}

async function openFinding({ notes }: ToolParts, { id }: ToolInput<'open_finding'>): Promise<string> {
  const entry = await entryOf(notes, id);
  if (entry === undefined) return `There is no finding "${id}" in this workspace. There are: ${notes.index.findings().slice(0, 50).map(({ finding }) => finding.id).join(', ') || 'none'}.`;
  await showAt(Uri.parse(entry.path));
  return describe(entry);
}

async function verifyFinding({ notes, verifier }: ToolParts, { id }: ToolInput<'verify_finding'>, signal: AbortSignal): Promise<string> {
  requireTrust();
  const entry = await entryOf(notes, id);
  if (entry === undefined) return `There is no finding "${id}" in this workspace.`;
  const records = await verifier.run(Uri.parse(entry.path), undefined, signal);
  return [describe(entry), 'Run again now:', ...records.map(({ id: record, result }) => `${record}: ${result.state}. ${result.reason}`)].join('\n');
}

async function entryOf(notes: FindingNotes, id: string): Promise<FindingEntry | undefined> {
  await notes.ready();
  return notes.index.findingsOf(id)[0];
}

function describe({ finding, state, path }: FindingEntry): string {
  const { grade, raise, cautions } = assess(finding);
  return [
    `${formatLink({ kind: 'finding', id: finding.id })} (${workspace.asRelativePath(Uri.parse(path))}): ${finding.title}`, `Claim: ${finding.claim}`, `Evidence: ${gradeNames[grade]}${state === undefined ? '' : `, last run ${state}`}. Status: ${finding.status}.`,
    ...finding.evidence.slice(0, 20).map((record) => `${record.id} ${record.method}: ${record.metric} ${short(record.value)}${record.control === undefined ? ', no control' : `, ${record.control.name} ${short(record.control.value)}`}`),
    ...cautions, ...(raise.length === 0 ? [] : [`What would raise it: ${raise.join(' ')}`]), citing,
  ].join('\n');
}
