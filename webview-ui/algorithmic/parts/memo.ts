/** Keeps the last result: a chart is drawn again only when what it shows is another. */
export function memo<Inputs extends readonly unknown[], Value>(make: (...inputs: Inputs) => Value): (...inputs: Inputs) => Value {
  let last: { readonly inputs: Inputs; readonly value: Value } | undefined;
  return (...inputs) => {
    if (last === undefined || inputs.length !== last.inputs.length || inputs.some((input, index) => input !== last!.inputs[index])) last = { inputs, value: make(...inputs) };
    return last.value;
  };
}
