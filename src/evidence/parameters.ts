/** Parameters of a record, checked against what its method takes. */
import { MechanistError } from '../engine/errors.ts';
import type { EvidenceMethod, ParameterField } from './method.ts';

export type ParameterValue = number | string | readonly string[];
export type Parameters = Readonly<Record<string, ParameterValue>>;

const longestList = 20_000;

/** Errors: `argument` naming the parameter, for one that is unknown, missing or of another type. Defaults are filled in. */
export function checkParameters(method: EvidenceMethod, given: Readonly<Record<string, unknown>>): Parameters {
  const unknown = Object.keys(given).find((name) => !method.parameters.some((field) => field.name === name));
  if (unknown !== undefined) throw new MechanistError('argument', `${method.id} has no parameter "${unknown}".`, { field: 'parameters', hint: `It has ${method.parameters.map(({ name }) => name).join(', ')}.` });
  return Object.fromEntries(method.parameters.flatMap((field): [string, ParameterValue][] => {
    const value = given[field.name] ?? field.default;
    if (value !== undefined) return [[field.name, checked(field, value)]];
    if (field.optional === true) return [];
    throw new MechanistError('argument', `The parameter "${field.name}" is missing.`, { field: 'parameters', hint: field.description });
  }));
}

function checked({ name, type, choices }: ParameterField, value: unknown): ParameterValue {
  const fail = (expected: string): never => {
    throw new MechanistError('argument', `Expected ${expected}.`, { field: `parameters.${name}` });
  };
  switch (type) {
    case 'integer': return typeof value === 'number' && Number.isSafeInteger(value) ? value : fail('a whole number');
    case 'number': return typeof value === 'number' && Number.isFinite(value) ? value : fail('a number');
    case 'text': return typeof value === 'string' && value.length <= 1000 && (choices === undefined || choices.includes(value)) ? value : fail(choices === undefined ? 'a text' : `one of ${choices.join(', ')}`);
    case 'texts': return Array.isArray(value) && value.length > 0 && value.length <= longestList && value.every((item) => typeof item === 'string' && item.length <= 1000) ? (value as string[]) : fail('a list of texts');
  }
}
