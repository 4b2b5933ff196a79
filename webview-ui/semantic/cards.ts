/** Cards that have been read, and those that will be wanted next: the neighbours in the list are read ahead, so that the next card is there at once. */
import type { FeatureCard } from '../../src/protocol/methods/semanticResults.ts';
import type { PanelChannel } from '../shared/channel.ts';
import type { Target } from './model/place.ts';

const kept = 40;

export class Cards {
  private readonly channel: PanelChannel;
  private readonly cards = new Map<string, Promise<FeatureCard>>();

  constructor(channel: PanelChannel) {
    this.channel = channel;
  }

  /** Rejects with `PeerError`; a card that did not come is asked for again the next time. */
  get(target: Target, feature: number): Promise<FeatureCard> {
    const key = JSON.stringify([target, feature]);
    const known = this.cards.get(key);
    if (known !== undefined) return known;
    const asked = this.channel.call('semantic.feature', { ...target, feature });
    this.cards.set(key, asked);
    asked.catch(() => this.cards.delete(key));
    for (const oldest of this.cards.keys()) {
      if (this.cards.size <= kept) break;
      this.cards.delete(oldest);
    }
    return asked;
  }

  /** Reads a card that may be wanted. What goes wrong is told when it is. */
  ahead(target: Target, feature: number): void {
    this.get(target, feature).catch(() => undefined);
  }

  /** Labels or the store have changed. */
  clear(): void {
    this.cards.clear();
  }
}
