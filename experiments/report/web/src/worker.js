// The solver in a worker of its own: { id, network?, layer, source, sink? } in, the answer out.

import { LayeredNetwork, flowRow, maxFlow } from "./max_flow.js";

const networks = new Map();

self.onmessage = ({ data }) => {
  if (data.network) networks.set(data.key, new LayeredNetwork(data.network.widths, data.network.capacities));
  if (data.id === undefined) return;
  const network = networks.get(data.key);
  const answer =
    data.sink === undefined
      ? flowRow(network, data.layer, data.source)
      : maxFlow(network, data.layer, data.source, data.sink);
  self.postMessage({ id: data.id, answer });
};
