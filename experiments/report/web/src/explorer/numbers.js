// Numbers as the explorer writes them.

export const fixed = (value, digits = 4) => (Number.isFinite(value) ? value.toFixed(digits) : "\u2013");
export const plural = (n, noun) => `${n} ${noun}${n === 1 ? "" : "s"}`;
