/** The algorithmic panel: what is computed. */
import { html } from 'lit';
import type { TemplateResult } from 'lit';
import { emptyState, failure, skeleton } from '../shared/components/states.ts';
import { PageElement } from '../shared/element.ts';
import { SessionController } from '../shared/session.ts';
import type { Session } from '../shared/session.ts';
import { t } from '../shared/strings.ts';

export class AlgorithmicView extends PageElement {
  static override readonly properties = { session: { attribute: false } };
  declare session: Session | undefined;

  constructor() {
    super();
    this.session = undefined;
    new SessionController(this, () => this.session);
  }

  override render(): TemplateResult {
    const { session } = this;
    if (session === undefined || !session.started) return skeleton(t('Starting…'));
    const { engine } = session.context;
    if (engine.kind === 'failed') return failure(engine.reason, { label: t('Restart engine'), run: () => void session.channel.ask('panel.restartEngine', {}) });
    if (session.model === undefined) return emptyState(t('Why does a model predict this token rather than that one? Open a model to ask.'), { label: t('Open model'), run: () => void session.channel.ask('panel.openModel', {}) });
    return html`<p class="quiet">${session.model.id}</p>`;
  }
}
