/** What can be pinned without a draft: the word under the cursor with its strongest feature, and what panels pin. */
import { Uri, l10n, window, workspace } from 'vscode';
import { isAbsolute } from 'node:path';
import type { EvidenceDraft } from '../../notes/format/schema.ts';
import { formatLink, linkTarget } from '../../notes/subjects.ts';
import type { PanelKind, Pin } from '../../protocol/views/panel.ts';
import { inspectedDocument } from '../editor/documents.ts';
import { tokenAt } from '../inspection/inspectionCache.ts';
import type { Inspector } from '../inspection/inspector.ts';
import type { OpenModels } from '../models/openModels.ts';
import type { EnginePort } from '../process/enginePort.ts';
import type { PinDraft } from './pin.ts';

/** The strongest feature at the cursor with its statistics on that line, or how surprising the line is. */
export async function pinAtCursor(engine: EnginePort, inspector: Inspector): Promise<PinDraft> {
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
    return { subjects: [], evidence: [record], kind: 'behavioral', title: l10n.t('Surprise of "{0}"', line.slice(0, 60)) };
  }
  const record = await engine.call('findings.run', { method: 'feature.statistics', models: [model.id], dictionaries: [dictionary.id], inputs: { text: line }, parameters: { feature: top.feature } });
  return {
    subjects: [formatLink({ kind: 'feature', model: model.id, dictionary: dictionary.id, index: top.feature })], evidence: [record], kind: 'semantic',
    title: l10n.t('Feature {0} at "{1}"', top.feature, (token?.text ?? '').replace(/^·/, '').trim()),
  };
}

/** A pin of a hover or a panel, with the date, models and dictionaries that it does not know. A feature that comes without a number is measured on the line in the editor. */
export async function draftOfPanel(engine: EnginePort, models: OpenModels, kind: PanelKind, { claim, subjects, evidence }: Pin): Promise<PinDraft> {
  const { model, dictionary } = await models.need();
  const [first] = subjects;
  const inputsOf = await Promise.all(evidence.map(({ inputs }) => noteInputs(inputs ?? {})));
  const measured = first === undefined || evidence.length > 0 ? [] : await onLine(engine, first.subject);
  return {
    ...(claim === undefined ? {} : { claim }), ...(first?.label === undefined ? {} : { title: first.label.slice(0, 300) }), kind, subjects: subjects.map(({ subject }) => subject),
    evidence: [...measured, ...evidence.map(({ interval, control, parameters, seed, measures, dictionaries, ...rest }, i): EvidenceDraft => ({
      ...rest, date: `${new Date().toISOString().slice(0, 19)}Z`, models: [{ id: model.id, hash: model.hash }],
      dictionaries: dictionaries !== undefined ? dictionaries.map(({ id, hash }) => ({ model: model.id, id, hash })) : dictionary === undefined || !subjects.some((subject) => subject.kind === 'feature') ? [] : [{ model: model.id, id: dictionary.id, hash: dictionary.hash }],
      inputs: inputsOf[i]!, parameters: noteParameters(parameters ?? {}), seed: seed ?? 0, measures: measures ?? {},
      ...(interval === undefined ? {} : { interval: ordered(interval) }),
      ...(control === undefined ? {} : { control: { name: control.name, value: control.value, ...(control.interval === undefined ? {} : { interval: ordered(control.interval) }) } }),
    }))],
  };
}

async function onLine(engine: EnginePort, uri: string): Promise<EvidenceDraft[]> {
  const [target, editor] = [linkTarget(uri), window.activeTextEditor];
  const text = editor?.document.lineAt(editor.selection.active).text.trim() ?? '';
  if (target?.kind !== 'feature' || text === '') return [];
  return [await engine.call('findings.run', { method: 'feature.statistics', models: [target.model], dictionaries: [target.dictionary], inputs: { text }, parameters: { feature: target.index } })];
}

/** What a page says of an action on a feature, as the parameters of the method. */
function noteParameters({ action, subject, ...parameters }: Record<string, unknown>): Record<string, unknown> {
  const target = typeof subject === 'string' ? linkTarget(subject) : undefined;
  const { kind, value } = (action ?? {}) as { kind?: unknown; value?: unknown };
  return { ...parameters, ...(target?.kind === 'feature' ? { feature: target.index } : {}), ...(kind === 'clamp' ? { clamp: value } : {}) };
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
