const lists = {
  and: new Intl.ListFormat("en-GB", { type: "conjunction" }),
  or: new Intl.ListFormat("en-GB", { type: "disjunction" }),
};

/** "a, b and c", or "a, b or c". What is false is left out; of nothing it is empty. */
export function listed(words: (string | false)[], by: keyof typeof lists = "and"): string {
  return lists[by].format(words.filter((word) => word !== false));
}
