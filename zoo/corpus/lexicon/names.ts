/** Given names, each one token of the tokenizer when a space precedes it. */

export type Gender = 'feminine' | 'masculine';

export interface Name {
  readonly text: string;
  readonly gender: Gender;
}

const feminine =
  'Mary Anna Emma Alice Sarah Laura Julia Sophie Lucy Clara Helen Ruth Jane Kate Emily Olivia Mia Zoe Lily Ella Nora ' +
  'Eva Maria Lisa Susan Karen Linda Nancy Betty Sandra Carol Diana Donna Ellen Fiona Gina Hannah Irene Jenny Kelly ' +
  'Leah Megan Nina Paula Rachel Rosa Sally Tina Vera Wendy Yuki Amira Bella Chloe Daisy Elena Freya Greta Heidi Ingrid';

const masculine =
  'John Tom Paul David Peter James Robert Michael George Henry Jack Sam Ben Max Leo Adam Daniel Simon Martin Kevin ' +
  'Brian Eric Frank Gary Harry Ian Jason Keith Larry Matthew Nick Oscar Patrick Ralph Scott Steve Tim Victor Walter ' +
  'William Andrew Bruce Carl Dennis Edward Fred Greg Hugo Ivan Jacob Kenji Liam Noah Omar Pablo Ravi Stefan Theo Umar Yusuf';

export const names: readonly Name[] = [
  ...feminine.split(' ').map((text) => ({ text, gender: 'feminine' as const })),
  ...masculine.split(' ').map((text) => ({ text, gender: 'masculine' as const })),
];
