/** How a sentence for people comes about: a template in English with its values. Who shows it may bring a translation along. */
export type Say = (template: string, ...values: (string | number)[]) => string;

/** For files, terminals and assistants. */
export const english: Say = (template, ...values) => template.replaceAll(/\{(\d+)\}/g, (whole, place: string) => String(values[Number(place)] ?? whole));
