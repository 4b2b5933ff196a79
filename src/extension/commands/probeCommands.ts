/** Commands on probes. Those that a row of the tree passes its node to ask for one when the palette runs them. */
import { Uri, l10n, window, workspace } from 'vscode';
import { basename } from 'node:path';
import type { ProbeSummary } from '../../protocol/methods/probes.ts';
import { paint } from './paintCommands.ts';
import type { FindingNotes } from '../findings/findingNotes.ts';
import type { Painter } from '../paint/painter.ts';
import { pickProbe } from '../probes/pickProbe.ts';
import { pinProbe } from '../probes/pinProbe.ts';
import { tellTrained, trainProbeInSteps } from '../probes/trainProbe.ts';
import type { ProbeParts } from '../probes/trainProbe.ts';

export interface ProbeCommandParts extends ProbeParts {
  readonly painter: Painter;
  readonly notes: FindingNotes;
}

export async function trainProbe(parts: ProbeCommandParts): Promise<void> {
  const probe = await trainProbeInSteps(parts);
  const next = probe && await tellTrained(probe);
  if (probe === undefined || next === undefined) return;
  if (next === 'paint') await paint(parts.painter, { kind: 'probe', probe });
  else await pinProbe(parts.engine, parts.notes, probe);
}

/** A probe that was just trained in the same pick is painted without asking again. */
export async function paintProbe(parts: ProbeCommandParts, given: unknown): Promise<void> {
  parts.probes.folderForNew();
  const chosen = probeIn(given) ?? await pickProbe(parts, l10n.t('Paint by a probe'));
  const probe = chosen === 'train' ? await trainProbeInSteps(parts) : chosen;
  if (probe !== undefined) await paint(parts.painter, { kind: 'probe', probe });
}

export async function pinGivenProbe(parts: ProbeCommandParts, given: unknown): Promise<void> {
  parts.probes.folderForNew();
  const chosen = probeIn(given) ?? await pickProbe(parts, l10n.t('Pin a probe to a finding'));
  const probe = chosen === 'train' ? await trainProbeInSteps(parts) : chosen;
  if (probe !== undefined) await pinProbe(parts.engine, parts.notes, probe);
}

/** Asks, then moves the files to the trash where there is one. */
export async function deleteProbe(parts: ProbeCommandParts, given: unknown): Promise<void> {
  parts.probes.folderForNew();
  const file = fileIn(given);
  const chosen = file === undefined ? await pickProbe(parts, l10n.t('Delete a probe')) : undefined;
  const found = file ?? (chosen === undefined || chosen === 'train' ? undefined : chosen.file);
  if (found === undefined) return;
  const remove = l10n.t('Delete');
  if ((await window.showWarningMessage(l10n.t('Delete the probe “{0}”?', basename(found, '.safetensors')), { modal: true }, remove)) !== remove) return;
  const answers = found.replace(/\.safetensors$/, '.answers.safetensors');
  for (const path of [found, answers]) {
    const uri = Uri.file(path);
    if (await workspace.fs.stat(uri).then(() => true, () => false)) await discard(uri);
  }
  parts.probes.forget();
}

async function discard(uri: Uri): Promise<void> {
  try {
    await workspace.fs.delete(uri, { useTrash: true });
  } catch {
    // Servers have no trash.
    await workspace.fs.delete(uri);
  }
}

/** From a row of the tree. */
function probeIn(given: unknown): ProbeSummary | undefined {
  const { kind, probe } = (given ?? {}) as { readonly kind?: unknown; readonly probe?: ProbeSummary };
  return kind === 'probe' ? probe : undefined;
}

function fileIn(given: unknown): string | undefined {
  const { kind, file } = (given ?? {}) as { readonly kind?: unknown; readonly file?: string };
  return probeIn(given)?.file ?? (kind === 'brokenProbe' ? file : undefined);
}
