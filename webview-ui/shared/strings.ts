/** Sentences in the user's language. The host puts the table into the page; what it lacks is shown in English. */
let table: Readonly<Record<string, string>> = {};

export function loadStrings(body: HTMLElement): void {
  const { strings } = body.dataset;
  table = strings === undefined ? {} : (JSON.parse(strings) as Record<string, string>);
}

export function t(message: string, ...values: (string | number)[]): string {
  return (table[message] ?? message).replace(/\{(\d+)\}/g, (whole, place: string) => String(values[Number(place)] ?? whole));
}
