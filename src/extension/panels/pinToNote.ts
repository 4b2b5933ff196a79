/** A finding about what is pinned in a panel, as a note that is not saved yet: the user names and keeps it, or throws it away. */
import { ViewColumn, l10n, window, workspace } from 'vscode';
import { newNote, slugFor } from '../../notes/newNote.ts';
import type { EvidenceDraft } from '../../notes/format/schema.ts';
import type { PanelKind, Pin } from '../../protocol/views/panel.ts';
import type { ActiveModel, OpenModels } from '../models/openModels.ts';

export async function pinToNote(models: OpenModels, kind: PanelKind, pinned: Pin): Promise<void> {
  const active = await models.need();
  const document = await workspace.openTextDocument({ language: 'markdown', content: noteText(active, kind, pinned) });
  await window.showTextDocument(document, { viewColumn: ViewColumn.Beside });
}

function noteText(active: ActiveModel, kind: PanelKind, { claim, subjects, evidence }: Pin): string {
  const [first] = subjects;
  const title = claim ?? (first?.label === undefined ? l10n.t('About {0}', first?.subject ?? '') : first.label);
  const short = title.replace(/\s+/g, ' ').slice(0, 200);
  const { model, dictionary } = active;
  const drafts: EvidenceDraft[] = evidence.map(({ interval, control, inputs, parameters, seed, measures, ...rest }) => ({
    ...rest, date: new Date().toISOString().slice(0, 16) + 'Z', models: [{ id: model.id, hash: model.hash }],
    dictionaries: dictionary === undefined ? [] : [{ model: model.id, id: dictionary.id, hash: dictionary.hash }],
    inputs: inputs ?? {}, parameters: parameters ?? {}, seed: seed ?? 0, measures: measures ?? {},
    ...(interval === undefined ? {} : { interval: ordered(interval) }),
    ...(control === undefined ? {} : { control: { name: control.name, value: control.value, ...(control.interval === undefined ? {} : { interval: ordered(control.interval) }) } }),
  }));
  return newNote(slugFor(short, () => false), { title: short, claim: claim ?? l10n.t('What do you claim?'), kind, subjects: subjects.map(({ subject }) => subject), evidence: drafts });
}

const ordered = ([a, b]: readonly [number, number]): [number, number] => [Math.min(a, b), Math.max(a, b)];
