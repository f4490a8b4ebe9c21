// Asks a running `regulars serve` about the customers of a CSV file. Node 18 or later; nothing to install.
//
//     node score.mjs customers.csv
//     REGULARS_URL=http://127.0.0.1:8017 REGULARS_KEY=rgl_… node score.mjs customers.csv

import { readFile } from "node:fs/promises";

const url = process.env.REGULARS_URL ?? "http://127.0.0.1:8017";
const key = process.env.REGULARS_KEY;

async function ask(path, body, type, accept = "application/json") {
  const headers = { "Content-Type": type, Accept: accept };
  if (key) headers.Authorization = `Bearer ${key}`;
  const answer = await fetch(url + path, { method: "POST", headers, body });
  if (!answer.ok) {
    const { error } = await answer.json();
    throw new Error(`${answer.status} ${error.message}\n${error.hint}`);
  }
  return answer;
}

// The file as it is; the scores come back as JSON.
const text = await readFile(process.argv[2], "utf-8");
const all = await (await ask("/v1/score", text, "text/csv")).json();
console.log(`${all.rows} customers, ${all.scores.filter((one) => one.at_risk).length} at risk`);
for (const one of all.scores.slice(0, 5)) {
  console.log(one.row, one.id, one.probability.toFixed(6), one.flags.map((flag) => flag.kind).join(" "));
}
