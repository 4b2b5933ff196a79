/** The line at the top of the semantic view: the question, the dictionary, its store, the pages. */
import { html, nothing } from 'lit';
import type { TemplateResult } from 'lit';
import type { DictionarySummary, ModelSummary } from '../../src/protocol/methods.ts';
import type { Session } from '../shared/session.ts';
import { t } from '../shared/strings.ts';
import { iconButton } from './browser/featureBrowser.ts';
import type { Place } from './model/place.ts';

export interface TopBarParts {
  readonly page: Place['page'];
  /** What is said of the store. */
  readonly store: string;
  readonly open: (page: Place['page']) => void;
  readonly help: () => void;
}

/** A page's button leads back to the features when it is open. */
export function topBar({ channel }: Session, model: ModelSummary, dictionary: DictionarySummary | undefined, { page, store, open, help }: TopBarParts): TemplateResult {
  const button = (id: Place['page'], icon: string, label: string): TemplateResult => iconButton(icon, label, () => open(page === id ? 'features' : id), page === id);
  return html`<div class="bar-top">
    <span class="question">${t('What does {0} represent?', model.id)}</span>
    ${model.dictionaries.length === 0 ? nothing : html`<select aria-label=${t('Dictionary')} @change=${(event: Event) => void channel.ask('panel.useDictionary', { dictionary: (event.target as HTMLSelectElement).value })}>
      ${model.dictionaries.map((one) => html`<option value=${one.dictionary} ?selected=${one === dictionary}>${one.id} (${one.architecture} ${one.kind})</option>`)}</select>`}
    <span class="quiet store">${store}</span>
    <span class="tools" role="group" aria-label=${t('Pages')}>
      ${button('dictionary', 'graph', t('Measures of the dictionary (d)'))}${button('harvest', 'database', t('Harvest a corpus'))}${button('train', 'beaker', t('Train a dictionary'))}
      ${iconButton('question', t('Keys (?)'), help)}
    </span>
  </div>`;
}
