/** Choosing one of the workspace's probes. Those of other models are listed too: choosing one says why it cannot be used. */
import { QuickPickItemKind, l10n } from 'vscode';
import type { QuickPickItem } from 'vscode';
import type { ProbeSummary } from '../../protocol/methods/probes.ts';
import { pickStep } from '../pick.ts';
import type { ProbeParts } from './trainProbe.ts';
import { propertyName, scoreSentences, scoreText } from './words.ts';

type Item = QuickPickItem & { readonly value?: ProbeSummary | 'train' };

/** `train` for a new one. Rejects with `PeerError`. */
export async function pickProbe({ models, probes }: Omit<ProbeParts, 'engine'>, title: string): Promise<ProbeSummary | 'train' | undefined> {
  const items = models.need().then(async ({ model }): Promise<Item[]> => {
    const all = await probes.readable();
    const own = all.filter((probe) => probe.model.hash === model.hash);
    const others = all.filter((probe) => !own.includes(probe));
    return [
      ...(own.length === 0 ? [] : [{ label: model.id, kind: QuickPickItemKind.Separator }]),
      ...own.map((probe): Item => ({ label: `$(symbol-color) ${probe.name}`, description: scoreText(probe, l10n.t), detail: l10n.t('“{0}” at {1}', propertyName(probe), probe.hook), value: probe })),
      ...(others.length === 0 ? [] : [{ label: l10n.t('Trained on other models'), kind: QuickPickItemKind.Separator }]),
      ...others.map((probe): Item => ({ label: `$(circle-slash) ${probe.name}`, description: probe.model.id, detail: l10n.t('“{0}” at {1}', propertyName(probe), probe.hook), value: probe })),
      { label: l10n.t('New'), kind: QuickPickItemKind.Separator },
      { label: `$(add) ${l10n.t('Train a probe…')}`, alwaysShow: true, value: 'train' },
    ];
  });
  const picked = await pickStep<ProbeSummary | 'train'>({ title, placeholder: l10n.t('A probe tells how likely each token has a property'), step: 1, totalSteps: 1, items });
  return picked === undefined || picked === 'back' ? undefined : picked.value;
}

/** What the tooltip of a probe says, a line each. */
export function probeFacts(probe: ProbeSummary): string[] {
  return [l10n.t('“{0}” at {1}', propertyName(probe), probe.hook), l10n.t('labels: {0}', probe.data.name), ...scoreSentences(probe, l10n.t)];
}
