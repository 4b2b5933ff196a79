/** A result of a tab in its state: how far, how to stop it, what went wrong, in the place where the result will be. */
import { html, nothing } from 'lit';
import type { TemplateResult } from 'lit';
import { progressLine } from '../../shared/components/progress.ts';
import { failure, skeleton } from '../../shared/components/states.ts';
import type { Resource } from '../../shared/resource.ts';
import { t } from '../../shared/strings.ts';

export interface WorkParts<T> {
  readonly draw: (value: T) => unknown;
  /** What is being done. */
  readonly loading: string;
  readonly lines?: number;
  readonly idle?: unknown;
}

/** The last value stays, in the same elements, while a new one is on the way: focus is not lost, and what takes long says so. */
export function drawWork<T>(resource: Resource<T>, { draw, loading, lines = 5, idle = nothing }: WorkParts<T>): unknown {
  const { state } = resource;
  switch (state.kind) {
    case 'idle': return idle;
    case 'ready': return settled(draw(state.value), undefined);
    case 'failed': return failure(state.message, { label: t('Try again'), run: () => resource.retry() });
    case 'loading': {
      const progress = progressLine({ what: loading, share: shareOf(state.progress), cancel: () => resource.cancel() });
      return state.previous === undefined ? html`${progress}${skeleton('', { lines })}` : settled(draw(state.previous), progress);
    }
  }
}

function settled(content: unknown, progress: TemplateResult | undefined): TemplateResult {
  return html`<div class="result">${progress === undefined ? nothing : html`<div class="result-progress">${progress}</div>`}<div class=${progress === undefined ? '' : 'busy'} aria-busy=${progress !== undefined}>${content}</div></div>`;
}

/** Share of a report `{ done, of }`; undefined for others. */
export function shareOf(progress: unknown): number | undefined {
  const { done, of } = (progress ?? {}) as { readonly done?: unknown; readonly of?: unknown };
  return typeof done === 'number' && typeof of === 'number' && of > 0 ? done / of : undefined;
}

/** The line that every tab begins with: what it answers, how far the answer can be trusted, and what it is compared with. */
export function purpose(question: string, caveat: string, beside: string): TemplateResult {
  return html`<p class="purpose"><strong>${question}</strong> <span class="quiet">${caveat}</span> <span class="control" title=${t('What every value here is shown beside')}>${t('Beside it: {0}', beside)}</span></p>`;
}

export interface Choice<Value extends string> {
  readonly value: Value;
  readonly label: string;
  readonly disabled?: boolean;
}

/** A labelled choice among a few. */
export function choice<Value extends string>(label: string, value: Value, options: readonly Choice<Value>[], choose: (value: Value) => void): TemplateResult {
  return html`<label class="choice"><span>${label}</span>
    <select @change=${(event: Event) => choose((event.currentTarget as HTMLSelectElement).value as Value)}>
      ${options.map((option) => html`<option value=${option.value} ?selected=${option.value === value} ?disabled=${option.disabled ?? false}>${option.label}</option>`)}
    </select></label>`;
}

/** A button that starts a run. */
export function runButton(label: string, run: () => void, disabled = false): TemplateResult {
  return html`<vscode-button ?disabled=${disabled} @click=${run}>${label}</vscode-button>`;
}

/** Puts a result into a finding. */
export function pinButton(label: string, pin: () => void): TemplateResult {
  return html`<button class="icon-button codicon codicon-pinned" aria-label=${label} title=${label} @click=${pin}></button>`;
}
