// What actions/upload-artifact promises: immutable names, no hidden files unless asked for, paths relative to the
// folder that all have in common. Patterns are not known here.
const crypto = require("node:crypto");
const fs = require("node:fs");
const path = require("node:path");

const input = (name) => (process.env[`INPUT_${name.toUpperCase()}`] || "").trim();
const root = process.env.CLAUDESTEP_TEST_ARTIFACTS;
const name = input("name");

function fail(why) {
  console.log(`::error::${why}`);
  process.exit(1);
}

function filesBelow(place) {
  if (!fs.existsSync(place)) return [];
  if (!fs.statSync(place).isDirectory()) return [place];
  return fs.readdirSync(place).sort().flatMap((each) => filesBelow(path.join(place, each)));
}

const folderOf = (place) => (fs.existsSync(place) && fs.statSync(place).isDirectory() ? place : path.dirname(place));

function common(folders) {
  const parts = folders.map((folder) => folder.split(path.sep));
  const length = parts[0].findIndex((part, index) => parts.some((other) => other[index] !== part));
  return (length < 0 ? parts[0] : parts[0].slice(0, length)).join(path.sep) || path.sep;
}

function digest(files) {
  const sum = crypto.createHash("sha256");
  files.forEach((file) => sum.update(path.basename(file)).update("\0").update(fs.readFileSync(file)));
  return sum.digest("hex");
}

if (!root) fail("CLAUDESTEP_TEST_ARTIFACTS is not set");
if (/["<>|*?:\\/\r\n]/.test(name)) fail(`The artifact name is not valid: ${name}`);
const asked = input("path").split("\n").map((line) => line.trim()).filter(Boolean);
if (asked.some((each) => /[*?[\]!]/.test(each))) fail("this stand-in of actions/upload-artifact knows no patterns");
const places = asked.map((each) => path.resolve(process.env.GITHUB_WORKSPACE, each));
const base = common(places.map(folderOf));
const isHidden = (file) => path.relative(base, file).split(path.sep).some((part) => part.startsWith("."));
const files = places.flatMap(filesBelow).filter((file) => input("include-hidden-files") === "true" || !isHidden(file));
if (!files.length) {
  const message = `No files were found with the provided path: ${input("path")}. No artifacts will be uploaded.`;
  if (input("if-no-files-found") === "error") fail(message);
  if (input("if-no-files-found") === "warn") console.log(`::warning::${message}`);
  process.exit(0);
}
const target = path.join(root, name);
if (input("overwrite") === "true") fs.rmSync(target, { recursive: true, force: true });
fs.mkdirSync(root, { recursive: true });
try {
  fs.mkdirSync(target);
} catch {
  fail("Failed to CreateArtifact: Received non-retryable error: Failed request: (409) Conflict: "
    + "an artifact with this name already exists on the workflow run");
}
for (const file of files) {
  const copy = path.join(target, path.relative(base, file));
  fs.mkdirSync(path.dirname(copy), { recursive: true });
  fs.copyFileSync(file, copy);
  fs.chmodSync(copy, 0o644); // an artifact keeps no permissions
}
const number = fs.readdirSync(root).length;
const page = `${process.env.GITHUB_SERVER_URL}/${process.env.GITHUB_REPOSITORY}/actions/runs/${process.env.GITHUB_RUN_ID}`;
fs.appendFileSync(process.env.GITHUB_OUTPUT,
  `artifact-id=${number}\nartifact-digest=${digest(files)}\nartifact-url=${page}/artifacts/${number}\n`);
