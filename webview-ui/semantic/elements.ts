/** Names of the semantic panel's elements. */
import { define } from '../shared/element.ts';
import { FeatureBrowser } from './browser/featureBrowser.ts';
import { FeatureMapElement } from './browser/featureMap.ts';
import { EffectPanel } from './card/effectPanel.ts';
import { SearchEntry } from './browser/searchEntry.ts';
import { Examples } from './card/examples.ts';
import { FeatureCardElement } from './card/featureCard.ts';
import { LabelEditor } from './card/labelEditor.ts';
import { LabelSuggestion } from './card/labelSuggestion.ts';
import { Mentions } from './card/mentions.ts';
import { OwnText } from './card/ownText.ts';
import { DictionaryPageElement } from './dictionary/dictionaryPage.ts';
import { TrainWizard } from './dictionary/trainWizard.ts';
import { HarvestPanel } from './harvest/harvestPanel.ts';

export function defineSemanticElements(): void {
  define('mechanist-browser', FeatureBrowser);
  define('mechanist-feature-map', FeatureMapElement);
  define('mechanist-search-entry', SearchEntry);
  define('mechanist-card', FeatureCardElement);
  define('mechanist-examples', Examples);
  define('mechanist-effect', EffectPanel);
  define('mechanist-label', LabelEditor);
  define('mechanist-suggestion', LabelSuggestion);
  define('mechanist-own-text', OwnText);
  define('mechanist-mentions', Mentions);
  define('mechanist-dictionary', DictionaryPageElement);
  define('mechanist-train', TrainWizard);
  define('mechanist-harvest', HarvestPanel);
}
