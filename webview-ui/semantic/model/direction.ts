/** A direction as a person pastes it. Pure. */

const longest = 65_536;

/** The numbers in a text: a JSON array, or separated by spaces, commas or lines. Undefined for anything else. */
export function readDirection(text: string): number[] | undefined {
  const parts = text.trim().replace(/^\[+|\]+$/g, '').split(/[\s,;]+/).filter((part) => part !== '');
  const values = parts.map(Number);
  return values.length >= 2 && values.length <= longest && values.every((value) => Number.isFinite(value)) && values.some((value) => value !== 0) ? values : undefined;
}
