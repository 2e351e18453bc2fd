// Colours, one meaning each. Methods: after Okabe and Ito (safe for colour-blind readers), each with a
// shape or dash, so that nothing rests on hue alone. Scores and weights: sequential, blue.
// Correlations and other signed values: diverging, orange to purple over [-1, 1], with the page's own
// ground in the middle. Cuts: red the trivial ones, grey the others.

export const THEMES = {
  light: {
    name: "light",
    ground: "#ffffff",
    ink: "#1b1f24",
    soft: "#59636e",
    line: "#d5dae0",
    faint: "#eceff2",
    accent: "#0b62a8",
    cut: "#b5124f",
    methods: ["#0b62a8", "#d55e00", "#00805a", "#8b4fa0", "#b58900", "#3b3f46", "#3fa7d6", "#7a5230"],
    sequential: ["#f5f8fb", "#d3e3f0", "#9cc3e0", "#5a9bc9", "#1f6ea8", "#0a4476"],
    diverging: ["#7a3e06", "#c8761f", "#f2c38a", "#f7f7f7", "#b9b3d8", "#7a6bb0", "#43277a"],
    cuts: { trivial: ["#a3154a", "#e08cab"], other: ["#59636e", "#8a94a0", "#b7bfc8", "#dfe4e9"] },
  },
  dark: {
    name: "dark",
    ground: "#14171b",
    ink: "#e6e9ed",
    soft: "#9aa4af",
    line: "#353b43",
    faint: "#22272d",
    accent: "#6cb6f2",
    cut: "#ff84b1",
    methods: ["#6cb6f2", "#ff8f57", "#3ecf9f", "#c79be0", "#e6c34d", "#c3c8cf", "#9be0f7", "#c9a27a"],
    sequential: ["#1b2128", "#1d3a54", "#1f5a86", "#3185bf", "#6cb6f2", "#c9e6fb"],
    diverging: ["#f6a45a", "#b5651d", "#5e3a17", "#23272d", "#3d3660", "#7567b8", "#b9a9f5"],
    cuts: { trivial: ["#ff84b1", "#a83d68"], other: ["#aab3bd", "#7f8994", "#59626c", "#3a4149"] },
  },
};

export const SHAPES = [
  "circle",
  "square",
  "triangle-up",
  "diamond",
  "cross",
  "triangle-down",
  "triangle-right",
  "triangle-left",
];

function channels(hex) {
  return [1, 3, 5].map((at) => parseInt(hex.slice(at, at + 2), 16));
}
/** Colour of `share` in [0, 1] on a list of colours. */
export function ramp(colours, share) {
  const place = Math.min(1, Math.max(0, Number.isFinite(share) ? share : 0)) * (colours.length - 1);
  const low = Math.min(colours.length - 2, Math.floor(place));
  const [a, b] = [channels(colours[low]), channels(colours[low + 1])];
  return `#${a
    .map((v, i) =>
      Math.round(v + (b[i] - v) * (place - low))
        .toString(16)
        .padStart(2, "0"),
    )
    .join("")}`;
}
/** Black or white, whichever reads better on `colour`. */
export function inkOn(colour) {
  const [r, g, b] = channels(colour).map((v) => {
    const s = v / 255;
    return s <= 0.04045 ? s / 12.92 : ((s + 0.055) / 1.055) ** 2.4;
  });
  return 0.2126 * r + 0.7152 * g + 0.0722 * b > 0.22 ? "#101316" : "#ffffff";
}
