const fs = require("node:fs");
const path = require("node:path");

const input = (name) => (process.env[`INPUT_${name.toUpperCase()}`] || "").trim();
const root = process.env.CLAUDESTEP_TEST_ARTIFACTS;
const there = root && fs.existsSync(root) ? fs.readdirSync(root).sort() : [];
const target = path.resolve(process.env.GITHUB_WORKSPACE, input("path"));
const literal = (text) => text.replace(/[.+^${}()|[\]\\?]/g, "\\$&").replace(/\*/g, "[^/]*");
const fits = new RegExp(`^${literal(input("pattern") || "*")}$`);

if (input("name") && !there.includes(input("name"))) {
  console.log(`::error::Unable to download artifact(s): Artifact not found for name: ${input("name")}`);
  process.exit(1);
}
const wanted = input("name") ? [input("name")] : there.filter((name) => fits.test(name));
const apart = !input("name") && input("merge-multiple") !== "true";
fs.mkdirSync(target, { recursive: true });
for (const name of wanted) {
  fs.cpSync(path.join(root, name), apart ? path.join(target, name) : target, { recursive: true });
}
fs.appendFileSync(process.env.GITHUB_OUTPUT, `download-path=${target}\n`);
