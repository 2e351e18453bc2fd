// Asks the worker; where workers are not to be had, solves on the page itself.

/* global SOLVER_WORKER_SOURCE */
import { flowRow, maxFlow } from "./max_flow.js";

export class Solver {
  constructor() {
    this.waiting = new Map();
    this.sent = new Set();
    this.nextId = 0;
    try {
      const url = URL.createObjectURL(new Blob([SOLVER_WORKER_SOURCE], { type: "text/javascript" }));
      this.worker = new Worker(url);
      URL.revokeObjectURL(url);
      this.worker.onmessage = ({ data }) => {
        this.waiting.get(data.id)?.(data.answer);
        this.waiting.delete(data.id);
      };
      this.worker.onerror = () => this.giveUpWorker();
    } catch {
      this.worker = null;
    }
  }

  // Questions that are still open are answered here.
  giveUpWorker() {
    this.worker = null;
    for (const ask of this.waiting.values()) ask(null);
    this.waiting.clear();
  }

  async ask(key, network, layer, source, sink) {
    const here = () => (sink === undefined ? flowRow(network, layer, source) : maxFlow(network, layer, source, sink));
    if (!this.worker) return here();
    if (!this.sent.has(key)) {
      this.sent.add(key);
      this.worker.postMessage({ key, network: { widths: network.widths, capacities: network.capacities } });
    }
    const id = this.nextId++;
    const answer = await new Promise((resolve) => {
      this.waiting.set(id, resolve);
      this.worker.postMessage({ id, key, layer, source, sink });
    });
    return answer ?? here();
  }

  /** { value, flow, cut, side } of one pair. */
  pair(key, network, layer, source, sink) {
    return this.ask(key, network, layer, source, sink);
  }
  /** Values from one source to every token. */
  row(key, network, layer, source) {
    return this.ask(key, network, layer, source);
  }
}
