/**
 * The map: directions of all features in two dimensions, and beside it those of a random dictionary, which has the same
 * amount of structure to lose. Pick with the pointer or arrows; Shift and drag chooses several, and so do Space and Shift Enter.
 */
import { html, nothing } from 'lit';
import type { PropertyValues, TemplateResult } from 'lit';
import type { FeatureMap } from '../../../src/protocol/methods/semanticResults.ts';
import type { Subject } from '../../../src/protocol/views/panel.ts';
import { caution, drawResource } from '../../shared/components/states.ts';
import { PageElement } from '../../shared/element.ts';
import { Resource } from '../../shared/resource.ts';
import type { Session } from '../../shared/session.ts';
import { t } from '../../shared/strings.ts';
import { onThemeChange, readPalette } from '../../shared/theme.ts';
import { PointGrid, inside, mapTells, neighbourByKey, panned, toMap, toScreen, wholeMap, zoomed } from '../model/map.ts';
import type { Camera, Size } from '../model/map.ts';
import type { Target } from '../model/place.ts';
import { countText, shareText } from '../model/words.ts';

type Pixel = readonly [number, number];

/** Pixels within which a pointer is on a point. */
const reach = 8;

export class FeatureMapElement extends PageElement {
  static override readonly properties = { session: { attribute: false }, target: { attribute: false }, subjectOf: { attribute: false }, shown: { attribute: false }, hovered: { state: true } };
  declare session: Session | undefined;
  declare target: Target | undefined;
  declare subjectOf: (feature: number) => Subject;
  /** The feature whose card is open. */
  declare shown: number | undefined;
  declare private hovered: number | undefined;
  private readonly map = new Resource<FeatureMap>(this);
  private grid: PointGrid | undefined;
  private gridOf: FeatureMap | undefined;
  private camera: Camera = wholeMap;
  private outline: Pixel[] | undefined;
  /** Chosen with Space: indices of points. */
  private picked: readonly number[] = [];
  private drag: Pixel | undefined;
  private moved = false;
  private endTheme: (() => void) | undefined;
  private resize: ResizeObserver | undefined;
  private key = '';

  constructor() {
    super();
    this.session = undefined;
    this.target = undefined;
    this.subjectOf = () => { throw new Error('The map was given no subjects.'); };
    this.shown = undefined;
    this.hovered = undefined;
  }

  override connectedCallback(): void {
    super.connectedCallback();
    this.endTheme = onThemeChange(() => this.paint());
    if (typeof ResizeObserver !== 'undefined') {
      this.resize = new ResizeObserver(() => this.paint());
      this.resize.observe(this);
    }
  }

  override disconnectedCallback(): void {
    super.disconnectedCallback();
    this.endTheme?.();
    this.resize?.disconnect();
  }

  protected override willUpdate(): void {
    const { target, session } = this;
    const key = JSON.stringify(target);
    if (target === undefined || session === undefined || key === this.key) return;
    this.key = key;
    this.camera = wholeMap;
    this.picked = [];
    const { labels: _, ...stored } = target;
    void this.map.load((signal) => session.channel.call('semantic.map', stored, { signal }));
  }

  protected override updated(_changed: PropertyValues): void {
    this.paint();
  }

  override render(): TemplateResult | typeof nothing {
    return drawResource(this.map, { loading: t('Laying out the map…'), lines: 6, draw: (map) => this.maps(map) });
  }

  private maps(map: FeatureMap): TemplateResult {
    const said = this.hovered === undefined ? t('{0} features; Shift and drag chooses several, the wheel comes closer', countText(map.features.length)) : `#${map.features[this.hovered]}${this.picked.length === 0 ? '' : ` · ${t('{0} chosen, Shift Enter lists them', this.picked.length)}`}`;
    return html`<div class="maps">
      <figure>
        <canvas class="features" tabindex="0" role="application" aria-roledescription=${t('map')} aria-label=${t('Map of features. Arrows move from point to point, Enter opens, Space chooses several, Shift Enter lists them. The table below has the same features.')}
          @pointerdown=${this.onDown} @pointermove=${this.onMove} @pointerup=${this.onUp} @pointerleave=${() => { this.hovered = undefined; }} @wheel=${this.onWheel} @dblclick=${() => { this.camera = wholeMap; this.paint(); }} @keydown=${this.onKey}></canvas>
        <figcaption>${t('features')} · ${t('neighbours kept: {0}', shareText(map.preserved))}</figcaption>
      </figure>
      <figure class="control">
        <canvas class="random" role="img" aria-label=${t('The same for a random dictionary')}></canvas>
        <figcaption>${t('random dictionary')} · ${shareText(map.randomPreserved)} (${t('chance {0}', shareText(map.chance))})</figcaption>
      </figure>
      ${mapTells(map) ? nothing : html`<div class="tells">${caution(t('Nearness here means little: of the nearest directions hardly more are kept than in a random dictionary. Trust the list of neighbours on a card instead.'))}</div>`}
      <p class="quiet said" aria-live="polite">${said} · ${map.method}</p>
    </div>`;
  }

  private paint(): void {
    const map = this.map.value;
    if (map === undefined) return;
    if (map !== this.gridOf) {
      this.gridOf = map;
      this.grid = new PointGrid(map.points);
    }
    const palette = readPalette();
    this.scatter('canvas.features', map.points, palette.activation, (context, size) => {
      const mark = (index: number | undefined, radius: number, color: string): void => {
        if (index === undefined || index < 0) return;
        const [x, y] = toScreen([map.points[2 * index]!, map.points[2 * index + 1]!], this.camera, size);
        context.strokeStyle = color;
        context.lineWidth = 2;
        context.beginPath();
        context.arc(x, y, radius, 0, 2 * Math.PI);
        context.stroke();
      };
      mark(this.shown === undefined ? undefined : map.features.indexOf(this.shown), 6, palette.text);
      for (const index of this.picked) mark(index, 4, palette.text);
      mark(this.hovered, 5, palette.focus);
      if (this.outline !== undefined) {
        context.strokeStyle = palette.focus;
        context.setLineDash([4, 3]);
        context.beginPath();
        this.outline.forEach(([x, y], index) => (index === 0 ? context.moveTo(x, y) : context.lineTo(x, y)));
        context.stroke();
        context.setLineDash([]);
      }
    });
    this.scatter('canvas.random', map.random, palette.control, () => undefined);
  }

  private scatter(selector: string, points: Float32Array, color: string, over: (context: CanvasRenderingContext2D, size: Size) => void): void {
    const canvas = this.querySelector<HTMLCanvasElement>(selector);
    const context = canvas?.getContext('2d');
    if (canvas === null || context === null || context === undefined) return;
    const size = sizeOf(canvas);
    const ratio = window.devicePixelRatio;
    if (canvas.width !== Math.round(size.width * ratio)) canvas.width = Math.round(size.width * ratio);
    if (canvas.height !== Math.round(size.height * ratio)) canvas.height = Math.round(size.height * ratio);
    context.setTransform(ratio, 0, 0, ratio, 0, 0);
    context.clearRect(0, 0, size.width, size.height);
    context.fillStyle = color;
    const count = points.length / 2;
    const radius = count > 20_000 ? 0.7 : count > 4000 ? 1 : 1.5;
    context.globalAlpha = count > 20_000 ? 0.5 : 0.8;
    for (let index = 0; index < count; index++) {
      const [x, y] = toScreen([points[2 * index]!, points[2 * index + 1]!], this.camera, size);
      if (x >= 0 && y >= 0 && x <= size.width && y <= size.height) context.fillRect(x - radius, y - radius, 2 * radius, 2 * radius);
    }
    context.globalAlpha = 1;
    over(context, size);
  }

  private at(event: PointerEvent | WheelEvent): Pixel {
    return [event.offsetX, event.offsetY];
  }

  private pick(pixel: Pixel, canvas: HTMLCanvasElement): number | undefined {
    const size = sizeOf(canvas);
    const per = ((Math.min(size.width, size.height) / 2) * 0.94) * this.camera.scale;
    return this.grid?.nearest(toMap(pixel, this.camera, size), reach / per);
  }

  private onDown(event: PointerEvent): void {
    (event.currentTarget as HTMLElement).setPointerCapture(event.pointerId);
    this.drag = this.at(event);
    this.moved = false;
    this.outline = event.shiftKey ? [this.drag] : undefined;
  }

  private onMove(event: PointerEvent): void {
    const canvas = event.currentTarget as HTMLCanvasElement;
    const pixel = this.at(event);
    if (this.drag === undefined) {
      this.hovered = this.pick(pixel, canvas);
      return;
    }
    const [dx, dy] = [pixel[0] - this.drag[0], pixel[1] - this.drag[1]];
    if (Math.abs(dx) + Math.abs(dy) > 3) this.moved = true;
    if (this.outline !== undefined) this.outline.push(pixel);
    else if (this.moved) {
      this.camera = panned(this.camera, [dx, dy], sizeOf(canvas));
      this.drag = pixel;
    }
    this.paint();
  }

  private onUp(event: PointerEvent): void {
    const canvas = event.currentTarget as HTMLCanvasElement;
    const { outline, moved } = this;
    this.drag = undefined;
    this.outline = undefined;
    const map = this.map.value;
    if (map === undefined) return;
    if (outline !== undefined && moved) this.list(map, inside(map.points, outline.map((pixel) => toMap(pixel, this.camera, sizeOf(canvas)))));
    else if (!moved) this.open(this.pick(this.at(event), canvas));
    this.paint();
  }

  private list(map: FeatureMap, points: readonly number[]): void {
    const features = points.map((index) => map.features[index]!);
    if (features.length > 0) this.dispatchEvent(new CustomEvent('place-change', { detail: { query: { kind: 'set', features, name: t('{0} features of the map', features.length) } }, bubbles: true }));
  }

  private onWheel(event: WheelEvent): void {
    event.preventDefault();
    this.camera = zoomed(this.camera, event.deltaY < 0 ? 1.25 : 0.8, this.at(event), sizeOf(event.currentTarget as HTMLCanvasElement));
    this.paint();
  }

  private onKey(event: KeyboardEvent): void {
    const map = this.map.value;
    if (map === undefined || map.features.length === 0) return;
    const from = this.hovered ?? Math.max(0, this.shown === undefined ? 0 : map.features.indexOf(this.shown));
    if (event.key === 'Enter' && event.shiftKey) this.list(map, this.picked);
    else if (event.key === 'Enter') this.open(from);
    else if (event.key === ' ') this.togglePicked(from);
    else if (event.key === '+' || event.key === '-') this.camera = zoomed(this.camera, event.key === '+' ? 1.25 : 0.8, toScreen([map.points[2 * from]!, map.points[2 * from + 1]!], this.camera, sizeOf(event.currentTarget as HTMLCanvasElement)), sizeOf(event.currentTarget as HTMLCanvasElement));
    else {
      const next = neighbourByKey(map.points, from, event.key);
      if (next === undefined) return;
      this.hovered = next;
    }
    event.preventDefault();
    event.stopPropagation();
    this.paint();
  }

  private togglePicked(index: number): void {
    this.picked = this.picked.includes(index) ? this.picked.filter((one) => one !== index) : [...this.picked, index];
    this.hovered = index;
    this.requestUpdate();
  }

  private open(index: number | undefined): void {
    const feature = index === undefined ? undefined : this.map.value?.features[index];
    if (feature !== undefined) this.dispatchEvent(new CustomEvent('subject-open', { detail: this.subjectOf(feature), bubbles: true }));
  }
}

function sizeOf(canvas: HTMLCanvasElement): Size {
  return { width: canvas.clientWidth, height: canvas.clientHeight };
}
