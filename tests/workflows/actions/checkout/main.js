// As actions/checkout does it: an own `git init`, one fetch with the token in a header, a checkout; with
// persist-credentials the header stays in .git/config until the end of the job (post.js).
const { execFileSync } = require("node:child_process");
const fs = require("node:fs");
const path = require("node:path");

const input = (name) => (process.env[`INPUT_${name.toUpperCase()}`] || "").trim();
const tell = (file, name, value) => fs.appendFileSync(process.env[file], `${name}=${value}\n`);
const server = process.env.GITHUB_SERVER_URL;
const folder = path.resolve(process.env.GITHUB_WORKSPACE, input("path") || ".");
const header = `AUTHORIZATION: basic ${Buffer.from(`x-access-token:${input("token")}`).toString("base64")}`;
const section = `http.${server}/.extraheader`;
const authority = {
  ...process.env, GIT_TERMINAL_PROMPT: "0",
  GIT_CONFIG_COUNT: "1", GIT_CONFIG_KEY_0: section, GIT_CONFIG_VALUE_0: header,
};

function git(args, env = process.env) {
  return execFileSync("git", args, { cwd: folder, env, stdio: ["ignore", "pipe", "inherit"] }).toString().trim();
}

function wanted() {
  const ref = input("ref");
  const isOwn = input("repository") === process.env.GITHUB_REPOSITORY;
  if (!ref && isOwn) return { ref: process.env.GITHUB_REF, commit: process.env.GITHUB_SHA };
  if (/^[0-9a-f]{40}$/.test(ref)) return { ref: "", commit: ref };
  return { ref: ref || "HEAD", commit: "" };
}

// Where a ref is fetched from, and where to.
function specification({ ref, commit }) {
  if (!ref) return { from: commit, to: "" };
  if (ref.startsWith("refs/pull/")) return { from: commit || ref, to: ref.replace("refs/", "refs/remotes/") };
  if (ref.startsWith("refs/tags/")) return { from: commit || ref, to: ref };
  const branch = ref.replace(/^refs\/heads\//, "");
  if (branch === "HEAD") return { from: "HEAD", to: "refs/remotes/origin/HEAD" };
  return { from: commit || `refs/heads/${branch}`, to: `refs/remotes/origin/${branch}`, branch };
}

function main() {
  fs.mkdirSync(folder, { recursive: true });
  for (const name of fs.readdirSync(folder)) fs.rmSync(path.join(folder, name), { recursive: true });
  git(["init", "--quiet"]);
  git(["remote", "add", "origin", `${server}/${input("repository")}`]);
  git(["config", "--local", "gc.auto", "0"]);
  const asked = wanted();
  const { from, to, branch } = specification(asked);
  const whole = input("fetch-depth") === "0";
  const specs = [to ? `+${from}:${to}` : from];
  if (whole) specs.unshift("+refs/heads/*:refs/remotes/origin/*", "+refs/tags/*:refs/tags/*");
  const depth = whole ? [] : [`--depth=${input("fetch-depth") || 1}`, "--no-tags"];
  git(["-c", "protocol.version=2", "fetch", "--quiet", "--prune", "--no-recurse-submodules", ...depth,
    "origin", ...specs], authority);
  git(branch ? ["checkout", "--quiet", "--force", "-B", branch, to] : ["checkout", "--quiet", "--force", "--detach", to || from]);
  if (input("persist-credentials") === "true") git(["config", "--local", section, header]);
  tell("GITHUB_STATE", "folder", folder);
  tell("GITHUB_OUTPUT", "ref", asked.ref);
  tell("GITHUB_OUTPUT", "commit", git(["rev-parse", "HEAD"]));
}

main();
