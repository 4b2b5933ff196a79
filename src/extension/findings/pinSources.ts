/** What can be pinned without a draft: the word under the cursor with its strongest feature, and what panels pin. */
import { Uri, l10n, window, workspace } from 'vscode';
import { isAbsolute } from 'node:path';
import type { EvidenceDraft } from '../../notes/format/schema.ts';
import { formatLink, linkTarget } from '../../notes/subjects.ts';
import type { PanelKind, Pin, Subject } from '../../protocol/views/panel.ts';
import { inspectedDocument } from '../editor/documents.ts';
import { tokenAt } from '../inspection/inspectionCache.ts';
import type { Inspector } from '../inspection/inspector.ts';
import type { OpenModels } from '../models/openModels.ts';
import type { EnginePort } from '../process/enginePort.ts';
import { figureOfEvidence, figureOfTokens, keptFigure } from './figures.ts';
import type { KeptFigure } from './figures.ts';
import type { PinDraft } from './pin.ts';

/** What is pinned, and the figure that it stands on. */
export interface Pinned {
  readonly draft: PinDraft;
  readonly figure: KeptFigure | undefined;
}

/** The strongest feature at the cursor with its statistics on that line, or how surprising the line is. */
export async function pinAtCursor(engine: EnginePort, inspector: Inspector): Promise<Pinned> {
  const editor = window.activeTextEditor;
  if (editor === undefined) throw new Error(l10n.t('Put the cursor into a text first: what the model sees there is pinned.'));
  const document = inspectedDocument(editor.document);
  const offset = editor.document.offsetAt(editor.selection.active);
  const inspected = await inspector.inspect(document, Math.min(offset, document.length - 1));
  const token = tokenAt(inspected, offset)?.token;
  const { model, dictionary } = inspected.active;
  const line = editor.document.lineAt(editor.selection.active).text.trim();
  const [top] = token?.features ?? [];
  if (top === undefined || dictionary === undefined) {
    const record = await engine.call('findings.run', { method: 'prediction.surprise', models: [model.id], inputs: { text: line } });
    const title = l10n.t('Surprise of "{0}"', line.slice(0, 60));
    return { draft: { subjects: [], evidence: [record], kind: 'behavioral', title }, figure: await figureOfTokens(engine, title, { model: model.model, text: line, by: { kind: 'surprise' } }) };
  }
  const subject: Subject = { kind: 'feature', subject: formatLink({ kind: 'feature', model: model.id, dictionary: dictionary.id, index: top.feature }), dictionary: dictionary.dictionary, feature: top.feature };
  const { records, figure } = await measuredOn(engine, inspected.active.model.model, subject, line);
  return {
    draft: { subjects: [subject.subject], evidence: records, kind: 'semantic', title: l10n.t('Feature {0} at "{1}"', top.feature, (token?.text ?? '').replace(/^·/, '').trim()) }, figure,
  };
}

/**
 * A pin of a hover or a page, with the date, models and dictionaries that it does not know. A feature that comes without a number
 * is measured on the text that comes with it, or on the line in the editor.
 */
export async function pinOf(engine: EnginePort, models: OpenModels, kind: PanelKind, { claim, subjects, evidence, text, figure, data }: Pin): Promise<Pinned> {
  const { model, dictionary } = await models.need();
  const [first] = subjects;
  const inputsOf = await Promise.all(evidence.map(({ inputs }) => noteInputs(inputs ?? {})));
  const measured = first === undefined || evidence.length > 0 ? nothingMeasured : await measuredOn(engine, model.model, first, text ?? lineInEditor());
  const records = evidence.map(({ interval, control, parameters, seed, measures, dictionaries, ...rest }, i): EvidenceDraft => ({
    ...rest, date: `${new Date().toISOString().slice(0, 19)}Z`, models: [{ id: model.id, hash: model.hash }],
    dictionaries: dictionaries !== undefined ? dictionaries.map(({ id, hash }) => ({ model: model.id, id, hash })) : dictionary === undefined || !subjects.some((subject) => subject.kind === 'feature') ? [] : [{ model: model.id, id: dictionary.id, hash: dictionary.hash }],
    inputs: inputsOf[i]!, parameters: noteParameters(parameters ?? {}), seed: seed ?? 0, measures: measures ?? {},
    ...(interval === undefined ? {} : { interval: ordered(interval) }),
    ...(control === undefined ? {} : { control: { name: control.name, value: control.value, ...(control.interval === undefined ? {} : { interval: ordered(control.interval) }) } }),
  }));
  const draft: PinDraft = {
    ...(claim === undefined ? {} : { claim }), ...(first?.label === undefined ? {} : { title: first.label.slice(0, 300) }), kind, subjects: subjects.map(({ subject }) => subject), evidence: [...measured.records, ...records],
  };
  return { draft, figure: figure === undefined ? measured.figure ?? figureOfEvidence(first?.label ?? claim ?? l10n.t('What was measured'), draft.evidence) : keptFigure(figure, data) };
}

interface MeasuredOn {
  readonly records: EvidenceDraft[];
  readonly figure: KeptFigure | undefined;
}

const nothingMeasured: MeasuredOn = { records: [], figure: undefined };

function lineInEditor(): string {
  const editor = window.activeTextEditor;
  return editor?.document.lineAt(editor.selection.active).text.trim() ?? '';
}

/** Statistics of a feature on a text, and its activation at each token. */
async function measuredOn(engine: EnginePort, model: string, { subject, dictionary, label }: Subject, text: string): Promise<MeasuredOn> {
  const target = linkTarget(subject);
  if (target?.kind !== 'feature' || text === '') return nothingMeasured;
  const record = await engine.call('findings.run', { method: 'feature.statistics', models: [target.model], dictionaries: [target.dictionary], inputs: { text }, parameters: { feature: target.index } });
  const title = label ?? l10n.t('Feature {0} of {1}', target.index, target.dictionary);
  // A dictionary that is not open has no key to paint by.
  if (dictionary === undefined) return { records: [record], figure: figureOfEvidence(title, [record]) };
  return { records: [record], figure: await figureOfTokens(engine, title, { model, text, by: { kind: 'feature', dictionary, feature: target.index } }) };
}

/** A subject that a page names among the parameters, as the index that the method takes. */
function noteParameters({ subject, ...parameters }: Record<string, unknown>): Record<string, unknown> {
  const target = typeof subject === 'string' ? linkTarget(subject) : undefined;
  return { ...parameters, ...(target?.kind === 'feature' ? { feature: target.index } : {}) };
}

/** Inputs as a note holds them: one pair as a line of a pair file, and the content of a file that lies anywhere. */
async function noteInputs({ pair, ...inputs }: Record<string, unknown>): Promise<Record<string, unknown>> {
  const kept: Record<string, unknown> = pair === undefined ? inputs : { ...inputs, pairs: JSON.stringify(pair) };
  for (const name of ['pairs', 'held_out']) {
    const path = kept[name];
    if (typeof path === 'string' && isAbsolute(path)) kept[name] = new TextDecoder().decode(await workspace.fs.readFile(Uri.file(path)));
  }
  return kept;
}

const ordered = ([a, b]: readonly [number, number]): [number, number] => [Math.min(a, b), Math.max(a, b)];
