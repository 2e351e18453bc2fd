// The solver in a worker of its own: { key, network, cuts } once, then { id, key, layer, source, sink? } in and the
// answer out.

import { CutVocabulary } from "./cuts.js";
import { LayeredNetwork, flowRow, maxFlow } from "./max_flow.js";

const networks = new Map();

self.onmessage = ({ data }) => {
  if (data.network) {
    const network = new LayeredNetwork(data.network.widths, data.network.capacities);
    networks.set(data.key, { network, cuts: new CutVocabulary(data.cuts) });
  }
  if (data.id === undefined) return;
  const { network, cuts } = networks.get(data.key);
  const answer =
    data.sink === undefined
      ? flowRow(network, data.layer, data.source)
      : maxFlow(network, data.layer, data.source, data.sink, cuts);
  self.postMessage({ id: data.id, answer });
};
