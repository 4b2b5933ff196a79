/** Labels and features as files of Neuronpedia's formats, in and out. */
import { failureText } from '../../src/protocol/failureText.ts';
import type { Session } from '../shared/session.ts';
import { t } from '../shared/strings.ts';
import type { Target } from './model/place.ts';

export interface Outcome {
  readonly text: string;
  readonly failed: boolean;
}

/** Asks for the file; undefined if the user thought better of it. `features`: those to export, left out: all labels. */
export async function exchange({ channel, context }: Session, target: Target, what: 'import' | 'export', features?: readonly number[]): Promise<Outcome | undefined> {
  try {
    if (what === 'export') {
      const one = features?.length === 1;
      const [file] = await channel.ask('panel.pick', { what: 'saveAs', title: t('Export as Neuronpedia JSON'), name: one ? `feature-${features[0]}.json` : 'explanations.jsonl', extensions: [one ? 'json' : 'jsonl'] });
      if (file === undefined) return undefined;
      const { count } = await channel.call('semantic.export', { ...target, file, what: features === undefined ? 'explanations' : 'features', ...(features === undefined ? {} : { features: [...features] }) });
      return { failed: false, text: t('{0} written to {1}', count, file) };
    }
    if (context.folders === undefined) return { failed: true, text: t('Labels are kept in the workspace: open a folder on disk first.') };
    const [file] = await channel.ask('panel.pick', { what: 'file', title: t('Explanations or features of Neuronpedia'), extensions: ['json', 'jsonl'] });
    if (file === undefined) return undefined;
    const { imported, kept, skipped } = await channel.call('semantic.import', { model: target.model, dictionary: target.dictionary, labels: context.folders.labels, file });
    return { failed: false, text: t('{0} labels imported, {1} of your own kept, {2} skipped', imported, kept, skipped) };
  } catch (error) {
    return { failed: true, text: failureText(error) };
  }
}
