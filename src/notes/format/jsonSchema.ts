/** The JSON Schema (2020-12) of the front matter, from the schema that the parser uses. `npm test` compares it with `media/finding.schema.json`. */
import { MechanistError } from '../../engine/errors.ts';
import { findingSchema } from './schema.ts';

type Json = Record<string, unknown>;

/** The parts of a valibot schema that this file reads. */
interface Described {
  readonly type: string;
  readonly pipe?: readonly { readonly type: string; readonly requirement?: unknown }[];
  readonly entries?: Record<string, Described>;
  readonly item?: Described;
  readonly items?: readonly Described[];
  readonly value?: Described;
  readonly options?: readonly unknown[];
  readonly literal?: unknown;
  readonly wrapped?: Described;
  readonly default?: unknown;
}

export function findingJsonSchema(): Json {
  return {
    $schema: 'https://json-schema.org/draft/2020-12/schema',
    $id: 'mechanist:schema/finding/1',
    title: 'Front matter of a Mechanist finding',
    ...convert(findingSchema),
  };
}

function convert(schema: Described): Json {
  if (schema.pipe !== undefined) return Object.assign({}, convertOne(schema), ...schema.pipe.slice(1).map(constraint)) as Json;
  return convertOne(schema);
}

function convertOne(schema: Described): Json {
  switch (schema.type) {
    case 'string': case 'boolean': case 'number': return { type: schema.type };
    case 'unknown': return {};
    case 'literal': return { const: schema.literal };
    case 'picklist': return { enum: schema.options };
    case 'optional': return { ...convert(schema.wrapped!), ...(schema.default === undefined ? {} : { default: schema.default }) };
    case 'array': return { type: 'array', items: convert(schema.item!) };
    case 'tuple': return { type: 'array', prefixItems: schema.items!.map(convert), minItems: schema.items!.length };
    case 'record': return { type: 'object', additionalProperties: convert(schema.value!) };
    case 'object': {
      const entries = Object.entries(schema.entries!);
      return {
        type: 'object',
        required: entries.filter(([, entry]) => entry.type !== 'optional').map(([name]) => name),
        properties: Object.fromEntries(entries.map(([name, entry]) => [name, convert(entry)])),
      };
    }
    default: throw new MechanistError('unsupported', `No JSON Schema is known for "${schema.type}".`);
  }
}

function constraint({ type, requirement }: { readonly type: string; readonly requirement?: unknown }): Json {
  switch (type) {
    case 'min_length': return typeof requirement === 'number' ? { minLength: requirement } : {};
    case 'max_length': return { maxLength: requirement };
    case 'min_value': return { minimum: requirement };
    case 'max_value': return { maximum: requirement };
    case 'integer': return { type: 'integer' };
    case 'regex': return { pattern: (requirement as RegExp).source };
    // A number of JSON is finite; what a check asks cannot be said in JSON Schema.
    case 'finite': case 'check': return {};
    default: throw new MechanistError('unsupported', `No JSON Schema is known for the rule "${type}".`);
  }
}
