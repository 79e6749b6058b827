// Where entries are, and what the inputs say.
const crypto = require("node:crypto");
const fs = require("node:fs");
const os = require("node:os");
const path = require("node:path");

const root = process.env.CLAUDESTEP_TEST_CACHE;
if (!root) throw new Error("CLAUDESTEP_TEST_CACHE is not set");
const input = (name) => (process.env[`INPUT_${name.toUpperCase()}`] || "").trim();
const lines = (name) => input(name).split("\n").map((line) => line.trim()).filter(Boolean);
const place = (name) => path.resolve(process.env.GITHUB_WORKSPACE, name.replace(/^~/, os.homedir()));
// On GitHub these folders have the same names on every machine; act makes them up anew.
const changing = ["RUNNER_TEMP", "GITHUB_WORKSPACE", "HOME"];
const lasting = (text) => changing.reduce((so, name) => so.replaceAll(process.env[name], `$${name}`), text);
const version = crypto.createHash("sha256").update(lasting(lines("path").join("\n"))).digest("hex").slice(0, 16);
const family = path.join(root, version);

// All of these paths, oldest first.
function entries() {
  if (!fs.existsSync(family)) return [];
  return fs.readdirSync(family).sort().filter((name) => !name.startsWith(".")).map((name) => {
    const folder = path.join(family, name);
    return { folder, key: fs.readFileSync(path.join(folder, "key"), "utf8") };
  });
}

module.exports = { entries, family, input, lines, place };
