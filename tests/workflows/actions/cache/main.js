// An entry is immutable, is found by its key and its paths, and is saved by post.js.
const fs = require("node:fs");
const path = require("node:path");
const { entries, input, lines, place } = require("./store.js");

const tell = (file, text) => fs.appendFileSync(process.env[file], text);

function found() {
  const key = input("key");
  const exact = entries().find((entry) => entry.key === key);
  const begins = (prefix) => entries().reverse().find((entry) => entry.key.startsWith(prefix));
  return exact || lines("restore-keys").map(begins).find(Boolean);
}

const entry = found();
const hit = entry ? String(entry.key === input("key")) : "";
if (entry) {
  lines("path").forEach((name, index) => {
    const kept = path.join(entry.folder, String(index));
    if (fs.lstatSync(place(name), { throwIfNoEntry: false })?.isSymbolicLink()) fs.unlinkSync(place(name));
    if (fs.existsSync(kept)) fs.cpSync(kept, place(name), { recursive: true, verbatimSymlinks: true });
  });
}
console.log(entry ? `Cache restored from key: ${entry.key}` : `Cache not found for input keys: ${input("key")}`);
tell("GITHUB_OUTPUT", `cache-hit=${hit}\ncache-matched-key=${entry ? entry.key : ""}\ncache-primary-key=${input("key")}\n`);
tell("GITHUB_STATE", `hit=${hit}\n`);
