/** Findings of the workspace about a feature, with their grade, and the circuits that they name. */
import { html, nothing } from 'lit';
import type { PropertyValues, TemplateResult } from 'lit';
import type { FindingMention, Subject } from '../../../src/protocol/views/panel.ts';
import { drawResource } from '../../shared/components/states.ts';
import { PageElement } from '../../shared/element.ts';
import { Resource } from '../../shared/resource.ts';
import type { Session } from '../../shared/session.ts';
import { t } from '../../shared/strings.ts';
import { gradeDots } from '../model/words.ts';

export class Mentions extends PageElement {
  static override readonly properties = { session: { attribute: false }, subject: { attribute: false } };
  declare session: Session | undefined;
  declare subject: Subject | undefined;
  private readonly findings = new Resource<readonly FindingMention[]>(this);
  private asked = '';
  private end: (() => void) | undefined;

  constructor() {
    super();
    this.session = undefined;
    this.subject = undefined;
  }

  override disconnectedCallback(): void {
    super.disconnectedCallback();
    this.end?.();
    this.end = undefined;
  }

  protected override willUpdate(_changed: PropertyValues): void {
    this.end ??= this.session?.channel.on('findings', () => this.read());
    if (this.subject === undefined || this.subject.subject === this.asked) return;
    this.asked = this.subject.subject;
    this.read();
  }

  override render(): TemplateResult | typeof nothing {
    return drawResource(this.findings, { loading: t('Reading findings…'), lines: 1, draw: (list) => (list.length === 0
      ? html`<p class="quiet">${t('None yet: pin what you see here (Space), and it begins a finding.')}</p>`
      : html`<ul class="stores">${list.map((finding) => this.row(finding))}</ul>`) });
  }

  private row({ title, grade, state, circuits, file, start, end }: FindingMention): TemplateResult {
    return html`<li><span title=${t('{0} of 4', grade)}>${gradeDots(grade)}</span>
      <button class="link" @click=${() => void this.session?.channel.ask('panel.goTo', { file, start, end })}>${title}</button>
      ${state === undefined ? nothing : html`<span class="quiet">${stateText(state)}</span>`}
      ${circuits.map((subject) => html` <mechanist-chip .subject=${{ subject, kind: 'circuit' }}></mechanist-chip>`)}</li>`;
  }

  private read(): void {
    const { session, asked } = this;
    if (session !== undefined) void this.findings.load((signal) => session.channel.ask('panel.findings', { subject: asked }, { signal }), { keep: true });
  }
}

function stateText(state: string): string {
  switch (state) {
    case 'confirmed': return t('confirmed');
    case 'drifted': return t('drifted');
    case 'contradicted': return t('contradicted');
    default: return t('not runnable');
  }
}
