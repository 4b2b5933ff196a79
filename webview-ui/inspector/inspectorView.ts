/** The inspector: what the model makes of the text at the cursor. Draws the host's snapshots; computes nothing. */
import { LitElement, html, nothing } from 'lit';
import type { TemplateResult } from 'lit';
import type { LensReading } from '../../src/protocol/methods.ts';
import type { FromInspector, InspectorState, ToInspector } from '../../src/protocol/views/inspector.ts';
import type { Host } from '../shared/host.ts';
import { visibleToken } from '../shared/notation.ts';
import { t } from '../shared/strings.ts';
import { featureTable, lensTable } from './tables.ts';
import type { TokenEvent } from '../shared/components/tokenStrip.ts';
import { featureRows, lensRows, neighbouringDictionary, stripTokens } from './viewModel.ts';
import type { Heat } from './viewModel.ts';

type Shown = Extract<InspectorState, { kind: 'shown' }>;
type Lens = { readonly token: number; readonly reading: LensReading } | { readonly token: number; readonly problem: string };

const featureLimit = 8;

export class InspectorView extends LitElement {
  static override readonly properties = { state: { state: true }, selected: { state: true }, heat: { state: true }, lens: { state: true } };
  declare private state: InspectorState;
  declare private selected: number;
  declare private heat: Heat;
  declare private lens: Lens | undefined;
  private host: Host | undefined;

  constructor() {
    super();
    this.state = { kind: 'empty' };
    this.selected = 0;
    this.heat = { kind: 'surprise' };
    this.lens = undefined;
  }

  connect(host: Host): void {
    this.host = host;
    host.onMessage((message) => this.receive(message as ToInspector));
  }

  override render(): TemplateResult {
    const { state } = this;
    switch (state.kind) {
      case 'empty': return html`<p class="quiet">${t('Open a text file and place the cursor in it. Its tokens, features and predictions appear here.')}</p>`;
      case 'waiting': return html`<p class="quiet" role="status"><vscode-progress-ring aria-hidden="true"></vscode-progress-ring> ${state.message}</p>`;
      case 'failed': return html`<p role="alert" class="problem">${state.message}</p>
        <vscode-button @click=${() => this.send({ type: state.remedy })}>${state.remedy === 'restart' ? t('Restart engine') : t('Open model')}</vscode-button>`;
      case 'shown': return this.shown(state);
    }
  }

  /** Drawn without a shadow root, so that the page's style sheet applies. */
  protected override createRenderRoot(): this {
    return this;
  }

  private shown(state: Shown): TemplateResult {
    const token = state.tokens[this.selected];
    const heatFeature = this.heat.kind === 'feature' ? this.heat.feature : undefined;
    return html`
      ${this.header(state)}
      <section @token-select=${(event: TokenEvent) => this.select(event.detail)} @token-open=${(event: TokenEvent) => this.open(event.detail)} @keydown=${this.onKey}>
        <h2>${heatFeature === undefined ? t('Tokens, coloured by surprise') : t('Tokens, coloured by feature #{0}', heatFeature)}
          ${heatFeature === undefined ? nothing : html`<vscode-icon name="close" action-icon label=${t('Colour by surprise')} title=${t('Colour by surprise')} @click=${() => { this.heat = { kind: 'surprise' }; }}></vscode-icon>`}</h2>
        <mechanist-token-strip .label=${t('Tokens')} .tokens=${stripTokens(state.tokens, this.selected, this.heat)}></mechanist-token-strip>
        <p class="summary" aria-live="polite">${token === undefined ? nothing : html`<span class="word">${visibleToken(token.text)}</span>
          ${t('token {0} of {1}', this.selected + 1, state.tokens.length)}${token.surprise === undefined ? nothing : html` · ${t('surprise {0} bits', token.surprise.toFixed(1))}`}`}</p>
      </section>
      ${state.dictionary === undefined ? html`<p class="quiet">${t('No dictionary is open for this model, so there are no features to show.')}</p>` : html`<section>
        <h2>${t('Which features are active here?')}</h2>
        ${featureTable(featureRows(token, state.names, featureLimit), heatFeature, (feature) => { this.heat = { kind: 'feature', feature }; }, (feature) => this.send({ type: 'paint', feature }), (feature) => this.send({ type: 'pin', generation: state.generation, token: this.selected, feature }))}
      </section>`}
      <section>
        <h2>${t('Where does the prediction form?')}</h2>
        ${this.lensPart()}
      </section>`;
  }

  private header({ model, dictionaries, dictionary }: Shown): TemplateResult {
    if (dictionaries.length === 0) return html`<header><span class="model">${model}</span></header>`;
    return html`<header>
      <span class="model">${model}</span>
      <label class="only-heard" for="dictionary">${t('Dictionary')}</label>
      <vscode-icon name="chevron-left" action-icon label=${t('Previous hook point')} title=${t('Previous hook point ( [ )')} @click=${() => this.step(-1)}></vscode-icon>
      <select id="dictionary" @change=${(event: Event) => this.use((event.target as HTMLSelectElement).value)}>
        ${dictionaries.map((one) => html`<option value=${one.dictionary} ?selected=${one.dictionary === dictionary}>${one.hook} (${one.kind})</option>`)}
      </select>
      <vscode-icon name="chevron-right" action-icon label=${t('Next hook point')} title=${t('Next hook point ( ] )')} @click=${() => this.step(1)}></vscode-icon>
    </header>`;
  }

  private lensPart(): TemplateResult {
    const { lens } = this;
    if (lens === undefined || lens.token !== this.selected) return html`<p class="quiet" role="status">${t('Reading the layers…')}</p>`;
    if ('problem' in lens) return html`<p class="problem">${lens.problem}</p>`;
    return lensTable(lensRows(lens.reading), visibleToken(lens.reading.layers[0]?.target.token ?? ''));
  }

  private receive(message: ToInspector): void {
    if (message.type === 'state') {
      const { state } = message;
      this.state = state;
      if (state.kind === 'shown') {
        this.selected = state.selected;
        this.lens = undefined;
        this.send({ type: 'select', generation: state.generation, token: state.selected });
      }
    } else if (this.state.kind === 'shown' && message.generation === this.state.generation && message.token === this.selected) {
      this.lens = message.type === 'lens' ? { token: message.token, reading: message.reading } : { token: message.token, problem: message.message };
    }
  }

  private select(token: number): void {
    if (this.state.kind !== 'shown' || token === this.selected) return;
    this.selected = token;
    this.send({ type: 'select', generation: this.state.generation, token });
  }

  private open(token: number): void {
    if (this.state.kind === 'shown') this.send({ type: 'goTo', generation: this.state.generation, token });
  }

  private onKey(event: KeyboardEvent): void {
    if (event.key === '[') this.step(-1);
    if (event.key === ']') this.step(1);
  }

  private step(direction: 1 | -1): void {
    if (this.state.kind !== 'shown') return;
    const next = neighbouringDictionary(this.state.dictionaries, this.state.dictionary, direction);
    if (next !== undefined && next !== this.state.dictionary) this.use(next);
  }

  private use(dictionary: string): void {
    this.heat = { kind: 'surprise' };
    this.send({ type: 'useDictionary', dictionary });
  }

  private send(message: FromInspector): void {
    this.host?.send(message);
  }
}
