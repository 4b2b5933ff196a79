/**
 * Plotly writes a few `style` attributes, which the content security policy refuses. The same text set through the style
 * object is allowed, so on a page with charts the attribute goes that way. Nothing else is changed.
 */
let patched = false;

export function allowStyleAttributes(): void {
  if (patched) return;
  patched = true;
  const setAttribute = Element.prototype.setAttribute;
  Element.prototype.setAttribute = function (this: Element, name: string, value: string): void {
    if (name === 'style' && (this instanceof HTMLElement || this instanceof SVGElement)) this.style.cssText = value;
    else setAttribute.call(this, name, value);
  };
}
