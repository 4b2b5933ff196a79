/** The latent variables of the corpus: names, values, meaning. What "ground truth" means in this project. */

import { fieldNames } from './lexicon/fields.ts';

export type LabelValue = boolean | number | string;
export type Labels = Readonly<Record<string, LabelValue>>;

export type DocumentKind = (typeof documentKinds)[number];
export const documentKinds = [
  'story', 'fields', 'opinion', 'ioi', 'induction', 'greaterThan', 'docstring', 'code', 'brackets', 'agreement', 'list', 'chronicle', 'exchange',
] as const;

export interface LabelDefinition {
  readonly name: string;
  readonly type: 'binary' | 'categorical' | 'integer' | 'real';
  /** Values of a categorical label, where they are few; `name` stands for the names of the lexicon. */
  readonly values?: readonly string[];
  /** Kinds in which the label applies: there, a token without a value has `absent`. Elsewhere it is undefined. */
  readonly scope: readonly DocumentKind[];
  /** Value of a token in scope that no span labels; undefined means "does not apply to this token". */
  readonly absent?: LabelValue;
  readonly description: string;
}

/** Kinds that consist of English sentences. */
const prose: readonly DocumentKind[] = ['story', 'fields', 'opinion', 'ioi', 'greaterThan', 'agreement', 'list', 'chronicle', 'exchange'];
const genders = ['feminine', 'masculine'];
const numbers = ['singular', 'plural'];

export const labelDefinitions: readonly LabelDefinition[] = [
  { name: 'kind', type: 'categorical', values: documentKinds, scope: documentKinds, description: 'Kind of the document.' },
  { name: 'entity', type: 'categorical', scope: prose, description: 'Person that a name or pronoun refers to (the name).' },
  { name: 'subject', type: 'categorical', scope: ['story', 'ioi', 'exchange'], description: 'Person who is the subject of the running sentence, from the mention on.' },
  { name: 'speaker', type: 'categorical', scope: ['story', 'list'], description: 'Person who speaks, on every token of the quotation.' },
  { name: 'object', type: 'categorical', scope: ['story', 'ioi', 'exchange'], description: 'Thing that the token names.' },
  { name: 'gender', type: 'categorical', values: genders, scope: prose, description: 'Gender of a name, pronoun or gendered noun.' },
  { name: 'number', type: 'categorical', values: numbers, scope: prose, description: 'Number of a noun, pronoun or finite verb.' },
  { name: 'tense', type: 'categorical', values: ['past', 'present', 'future'], scope: prose, description: 'Tense of a finite verb.' },
  { name: 'storyTense', type: 'categorical', values: ['past', 'present'], scope: ['story'], description: 'Tense in which the story is told, from its first verb on.' },
  { name: 'mood', type: 'categorical', values: ['positive', 'negative'], scope: ['story', 'opinion'], description: 'Whether things go well, once the text has told.' },
  { name: 'sentiment', type: 'categorical', values: ['positive', 'negative'], scope: prose, description: 'Valence of the word itself.' },
  { name: 'negated', type: 'binary', scope: prose, absent: false, description: 'Inside the scope of a negation, to the end of the clause.' },
  ...fieldNames.map((field): LabelDefinition => ({
    name: `field.${field}`, type: 'binary', scope: prose, absent: false, description: `The word belongs to the semantic field "${field}".`,
  })),
  { name: 'depth', type: 'integer', scope: ['brackets', 'code', 'docstring'], absent: 0, description: 'Number of open brackets after the token.' },
  { name: 'openBracket', type: 'categorical', values: ['none', '(', '[', '{', '<'], scope: ['brackets', 'code', 'docstring'], absent: 'none', description: 'Innermost open bracket after the token.' },
  { name: 'insideQuote', type: 'binary', scope: prose, absent: false, description: 'Between quotation marks (the opening mark included).' },
  { name: 'listPosition', type: 'integer', scope: ['list'], description: 'Which item of the list the token belongs to, from 1.' },
  { name: 'ioiRole', type: 'categorical', values: ['io', 's1', 's2', 'answer'], scope: ['ioi', 'exchange'], description: 'Role of a name: indirect object, first and second subject, the final answer.' },
  { name: 'ioiOrder', type: 'categorical', values: ['io-first', 's-first'], scope: ['ioi', 'exchange'], description: 'Which of the two is named first, from the second subject on.' },
  { name: 'isRepeat', type: 'binary', scope: ['induction'], absent: false, description: 'The token repeats one of an earlier copy of the span.' },
  { name: 'spanPosition', type: 'integer', scope: ['induction'], description: 'Position within the span, from 0.' },
  { name: 'spanLength', type: 'integer', scope: ['induction'], description: 'Length of the span, on repeated tokens: the distance to the previous copy.' },
  { name: 'startYear', type: 'integer', scope: ['greaterThan', 'chronicle'], description: 'Last two digits of the start year, from there to the end year.' },
  { name: 'yearRole', type: 'categorical', values: ['century', 'start', 'end'], scope: ['greaterThan', 'chronicle'], description: 'What a two-digit token of a year is.' },
  { name: 'yearIsLater', type: 'binary', scope: ['greaterThan', 'chronicle'], description: 'On the last two digits of the end year: greater than the start (always true in the corpus).' },
  { name: 'parameterIndex', type: 'integer', scope: ['docstring'], description: 'Which parameter, in the argument list and in the docstring, from 0.' },
  { name: 'inScope', type: 'binary', scope: ['code'], description: 'On an identifier: defined before.' },
  { name: 'identifierRole', type: 'categorical', values: ['function', 'parameter', 'variable'], scope: ['code', 'docstring'], description: 'What an identifier names.' },
  { name: 'indent', type: 'integer', scope: ['code', 'docstring'], absent: 0, description: 'Indentation level of the line.' },
  { name: 'headNumber', type: 'categorical', values: numbers, scope: ['agreement'], description: 'Number of the subject\'s head noun, from the noun to the verb.' },
  { name: 'attractors', type: 'integer', scope: ['agreement'], description: 'Nouns of the other number since the head, from the head to the verb.' },
  { name: 'surprise', type: 'real', scope: documentKinds, description: 'Nats: −log of the probability of the grammar\'s choices that the token reveals.' },
  { name: 'entropy', type: 'real', scope: documentKinds, description: 'Nats: entropy of the grammar\'s distribution over this token, given the kind, where it is known exactly.' },
];
