/** Puts a feature into a finding, with what its card shows if it is the one that is open. */
import type { FeatureCard } from '../../src/protocol/methods/semanticResults.ts';
import type { Subject } from '../../src/protocol/views/panel.ts';
import type { Session } from '../shared/session.ts';
import { cardPin } from './model/card.ts';

export function pinFeature(session: Session | undefined, card: FeatureCard | undefined, subject: Subject): void {
  if (card !== undefined && card.row.feature === subject.feature) void session?.channel.ask('panel.pin', cardPin(card, subject));
  else void session?.channel.ask('panel.act', { action: 'pin', subject });
}
