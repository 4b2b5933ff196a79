/**
 * Labels of features, for the surfaces that list them. They are asked for once per dictionary, at low priority, when the
 * dictionary is first shown; until they are there a feature has its number only.
 */
import type { FeatureLabel } from '../../protocol/methods/labelResults.ts';
import { PeerError } from '../../protocol/peer.ts';
import type { EnginePort } from '../process/enginePort.ts';
import type { ActiveModel } from '../models/openModels.ts';
import { Listeners } from '../listeners.ts';
import type { Translate } from '../translate.ts';
import { shortened, visible } from './words.ts';

const page = 1_000;
/** 200,000 labels: what names take in memory is bounded. */
const mostPages = 200;

export class FeatureNames {
  private readonly engine: EnginePort;
  private readonly folder: () => string | undefined;
  private readonly report: (problem: string) => void;
  private readonly t: Translate;
  private readonly changes = new Listeners<void>();
  private readonly labels = new Map<string, Map<number, FeatureLabel>>();

  /** `folder`: where the workspace keeps its labels, if it may be read. `report`: for the log. */
  constructor(engine: EnginePort, folder: () => string | undefined, report: (problem: string) => void, t: Translate) {
    this.engine = engine;
    this.folder = folder;
    this.report = report;
    this.t = t;
  }

  /** Fired when labels have arrived. */
  readonly onChange = this.changes.event;

  /** `name of a subject (0.93; wrong label 0.51)`: its label with its score beside that of another feature's label, or nothing for a feature that nobody has labelled. A label of more than `longest` characters is cut. Costs no request. */
  nameOf(dictionaryHash: string, feature: number, longest = Infinity): string | undefined {
    const found = this.labels.get(dictionaryHash)?.get(feature);
    // Labels from statistics quote tokens as the engine names them.
    return found && shortened(found.label.replace(/(?<=“)[^”]*(?=”)/g, visible), longest) + scoreText(found, this.t);
  }

  /** Asks for the labels of the dictionary in use, unless they have been asked for. Rejects with `PeerError`. */
  async want({ model, dictionary }: ActiveModel): Promise<void> {
    if (dictionary === undefined || this.labels.has(dictionary.hash)) return;
    const found = new Map<number, FeatureLabel>();
    this.labels.set(dictionary.hash, found);
    try {
      const folder = this.folder();
      let total = 1;
      for (let index = 0; index * page < total && index < mostPages; index++) {
        const table = await this.engine.call('semantic.features', {
          model: model.model, dictionary: dictionary.dictionary, filter: { labelled: true }, offset: index * page, limit: page, ...(folder === undefined ? {} : { labels: folder }),
        }, { priority: 'batch' });
        for (const { feature, label } of table.rows) if (label !== undefined) found.set(feature, label);
        total = table.total;
      }
      if (found.size > 0) this.changes.fire();
      if (total > mostPages * page) this.report(`labels: ${dictionary.id} has ${total}; the first ${mostPages * page} are shown by name`);
    } catch (error) {
      // A dictionary without a store of its features has no labels.
      if (PeerError.is(error, 'not-found')) return;
      // Asked for again when it is shown again, unless labels have changed meanwhile and were.
      if (this.labels.get(dictionary.hash) === found) this.labels.delete(dictionary.hash);
      throw error;
    }
  }

  /** Reads again what is shown next: labels have changed. */
  forget(): void {
    this.labels.clear();
    this.changes.fire();
  }

  dispose(): void {
    this.changes.dispose();
  }
}

/** A score says something beside that of another feature's label only. */
function scoreText({ score }: FeatureLabel, t: Translate): string {
  return score === undefined ? '' : ` (${t('{0}; wrong label {1}', score.detection.toFixed(2), score.wrongLabel.toFixed(2))})`;
}
