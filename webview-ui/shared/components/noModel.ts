/** What stands where a view would be while no model is open: why, and the way on. */
import type { TemplateResult } from 'lit';
import type { Session } from '../session.ts';
import { t } from '../strings.ts';
import { emptyState, failure, skeleton } from './states.ts';

/** `purpose`: what the view would answer. */
export function noModel({ context: { engine, opening }, channel }: Session, purpose: string): TemplateResult {
  const open = { label: t('Open model'), run: () => void channel.ask('panel.openModel', {}) };
  if (engine.kind === 'failed') return failure(engine.reason, { label: t('Restart engine'), run: () => void channel.ask('panel.restartEngine', {}) });
  if (opening.kind === 'failed') return failure(opening.message, open);
  if (opening.kind === 'running' || engine.kind === 'starting') return skeleton(engine.kind === 'starting' ? t('Starting the engine…') : t('Opening the model…'), { lines: 12 });
  return emptyState(purpose, open);
}
