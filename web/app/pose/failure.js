// What can go wrong, by a name; page/problems.js has the sentence for it.
export class Failure extends Error {
  constructor(kind, detail = "") {
    super(`${kind}${detail && `: ${detail}`}`);
    Object.assign(this, { kind, detail });
  }
}
