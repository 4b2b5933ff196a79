/** Pinning a probe: measured again by the evidence method of the same name, on a copy of its answers beside the note. */
import { ProgressLocation, Uri, l10n, window, workspace } from 'vscode';
import { createHash } from 'node:crypto';
import type { ProbeSummary } from '../../protocol/methods/probes.ts';
import { formatLink } from '../../notes/subjects.ts';
import { figureOfEvidence } from '../findings/figures.ts';
import { findingsFolder, pin } from '../findings/pin.ts';
import type { FindingNotes } from '../findings/findingNotes.ts';
import type { EnginePort } from '../process/enginePort.ts';
import { propertyName } from './words.ts';
import { withSignal } from '../withSignal.ts';

/** Rejects with `PeerError`; throws where its answers were not kept or there is no folder for findings. */
export async function pinProbe(engine: EnginePort, notes: FindingNotes, probe: ProbeSummary): Promise<void> {
  const folder = findingsFolder();
  if (folder?.scheme !== 'file') throw new Error(l10n.t('Open a folder on disk first: findings are kept in it.'));
  if (probe.answers === undefined) throw new Error(l10n.t('The answers that “{0}” was trained on were too many to keep. Train it again on fewer texts to pin it.', probe.name));
  const bytes = await workspace.fs.readFile(Uri.file(probe.answers));
  const path = `data/${probe.name}.answers.safetensors`;
  await workspace.fs.writeFile(Uri.joinPath(folder, ...path.split('/')), bytes);
  const labelled = { path, hash: createHash('sha256').update(bytes).digest('hex') };
  const record = await window.withProgress({ location: ProgressLocation.Notification, title: l10n.t('Measuring “{0}” again', probe.name), cancellable: true }, (_, cancel) =>
    withSignal(cancel, (signal) => engine.call('findings.run', {
      method: 'probe.linear', models: [probe.model.id], folder: folder.fsPath, inputs: { labelled }, parameters: { hook: probe.hook, variable: 'answer', class: 1, examples: probe.examples }, seed: probe.seed,
    }, { priority: 'batch', signal })));
  const subject = formatLink({ kind: 'direction', model: probe.model.id, hook: probe.hook, name: probe.name });
  const title = l10n.t('Whether “{0}” can be read off {1}', propertyName(probe), probe.hook);
  await pin(notes, { kind: 'semantic', title, subjects: [subject], evidence: [record] }, { beside: folder, figure: figureOfEvidence(title, [record]) });
}
