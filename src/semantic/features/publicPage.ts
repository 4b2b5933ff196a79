/** The page about a feature on the web, where the dictionary's files name one. It is only ever opened by a click. */

/** `neuronpedia_id` is what SAELens writes for dictionaries that Neuronpedia shows: `gpt2-small/6-res-jb`. */
export function publicPage(metadata: Readonly<Record<string, unknown>>, feature: number): string | undefined {
  const id = metadata['neuronpedia_id'];
  if (typeof id !== 'string' || id.length > 200 || !/^[\w.-]+\/[\w.-]+$/.test(id) || id.split('/').some((part) => /^\.+$/.test(part))) return undefined;
  return `https://www.neuronpedia.org/${id}/${feature}`;
}
