/** The dictionary literal in a NumPy header: three keys, strings, booleans and a tuple of integers; nothing else of Python. */
import { MechanistError } from '../errors.ts';

export interface NpyLiteral {
  readonly descr: string;
  readonly fortranOrder: boolean;
  readonly dims: readonly number[];
}

/** Errors: `parse`; `unsupported` for a structured type (a list where the type is named). */
export function parseNpyLiteral(text: string, where: { readonly file: string; readonly field?: string | undefined }): NpyLiteral {
  const fail = (statement: string): MechanistError => new MechanistError('parse', statement, where);
  let at = 0;
  const take = (pattern: RegExp): string | undefined => {
    pattern.lastIndex = at;
    const found = pattern.exec(text)?.[0];
    if (found !== undefined) at += found.length;
    return found;
  };
  const expect = (pattern: RegExp, what: string): string => {
    take(space);
    const found = take(pattern);
    if (found === undefined) throw fail(`Expected ${what} at offset ${at} of the header.`);
    return found;
  };
  const accept = (pattern: RegExp): boolean => {
    take(space);
    return take(pattern) !== undefined;
  };

  const tuple = (): readonly number[] => {
    expect(/\(/y, 'a tuple');
    const items: number[] = [];
    let comma = true;
    while (!accept(/\)/y)) {
      if (!comma) throw fail(`Expected "," at offset ${at} of the header.`);
      items.push(Number(expect(/0|[1-9]\d{0,15}(?!\d)/y, 'a dimension')));
      comma = accept(/,/y);
    }
    // In Python "(3)" is a number and "(,)" an error.
    if (items.length === 1 && !comma) throw fail('The shape is not a tuple.');
    if (items.length > 8) throw fail(`The rank ${items.length} exceeds 8.`);
    if (!items.every(Number.isSafeInteger)) throw fail('A dimension is too large.');
    return items;
  };

  let descr: string | undefined;
  let fortranOrder: boolean | undefined;
  let dims: readonly number[] | undefined;
  expect(/\{/y, '"{"');
  let comma = true;
  while (!accept(/\}/y)) {
    if (!comma) throw fail(`Expected "," at offset ${at} of the header.`);
    const key = expect(string, 'a key').slice(1, -1);
    expect(/:/y, '":"');
    if (key === 'descr' && descr === undefined) {
      if (accept(/\[/y)) throw new MechanistError('unsupported', 'Structured arrays are not supported.', { ...where, hint: 'Save each field as an array of its own.' });
      descr = expect(string, 'an element type').slice(1, -1);
    } else if (key === 'fortran_order' && fortranOrder === undefined) fortranOrder = expect(/True|False/y, 'True or False') === 'True';
    else if (key === 'shape' && dims === undefined) dims = tuple();
    else throw fail(`The key "${key.slice(0, 40)}" is unknown or repeated.`);
    comma = accept(/,/y);
  }
  take(space);
  if (at !== text.length) throw fail('Text follows the header.');
  if (descr === undefined || fortranOrder === undefined || dims === undefined) throw fail('The header lacks descr, fortran_order or shape.');
  return { descr, fortranOrder, dims };
}

const space = /[ \t\r\n]*/y;
const string = /'[^'\\\r\n]*'|"[^"\\\r\n]*"/y;
