// Asks the worker. Where workers are not to be had, fail or keep silent, solves on the page itself.

/* global SOLVER_WORKER_SOURCE */
import { flowRow, maxFlow } from "./max_flow.js";

const PATIENCE = 20_000; // ms that the worker may take for one question

export class Solver {
  /** `cuts`: the vocabulary that answers are named by. */
  constructor(cuts) {
    this.cuts = cuts;
    this.waiting = new Map();
    this.sent = new Set();
    this.nextId = 0;
    try {
      const url = URL.createObjectURL(new Blob([SOLVER_WORKER_SOURCE], { type: "text/javascript" }));
      this.worker = new Worker(url);
      URL.revokeObjectURL(url);
      this.worker.onmessage = ({ data }) => this.waiting.get(data.id)?.(data.answer);
      this.worker.onerror = (event) => {
        event.preventDefault?.();
        this.giveUpWorker();
      };
    } catch {
      this.worker = null;
    }
  }

  // Questions that are still open are answered on the page.
  giveUpWorker() {
    this.worker?.terminate();
    this.worker = null;
    for (const answer of [...this.waiting.values()]) answer(null);
  }

  askWorker(question) {
    const id = this.nextId++;
    return new Promise((resolve) => {
      const limit = setTimeout(() => this.giveUpWorker(), PATIENCE);
      this.waiting.set(id, (answer) => {
        clearTimeout(limit);
        this.waiting.delete(id);
        resolve(answer);
      });
      this.worker.postMessage({ id, ...question });
    });
  }

  async ask(key, network, layer, source, sink) {
    if (this.worker && !this.sent.has(key)) {
      this.sent.add(key);
      const { widths, capacities } = network;
      this.worker.postMessage({ key, network: { widths, capacities }, cuts: this.cuts.list });
    }
    const answer = this.worker && (await this.askWorker({ key, layer, source, sink }));
    if (answer) return answer;
    return sink === undefined ? flowRow(network, layer, source) : maxFlow(network, layer, source, sink, this.cuts);
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
