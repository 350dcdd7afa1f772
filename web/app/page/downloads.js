// A recording as files: [{ name, text }]. BVH holds one person a file.
import { bvhOf } from "../files/bvh.js";
import { jsonOf } from "../files/poses_json.js";
import { csvOf } from "../files/poses_csv.js";
import { Failure } from "../pose/failure.js";

export function downloadsOf(kind, recording) {
  const people = recording.people();
  if (!people.length) throw new Failure("nobody");
  if (kind === "json") return [{ name: "poses.json", text: jsonOf(recording, people) }];
  if (kind === "csv") return [{ name: "poses.csv", text: csvOf(recording, people) }];
  return people.map((person) => ({ name: people.length > 1 ? `poses-${person.id}.bvh` : "poses.bvh", text: bvhOf(person, recording.rate) }));
}
