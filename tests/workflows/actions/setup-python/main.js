const { execFileSync } = require("node:child_process");
const fs = require("node:fs");

const script = "import platform, sys; print(sys.executable); print(platform.python_version())";
const [where, version] = execFileSync("python3", ["-c", script]).toString().trim().split("\n");
const wanted = process.env["INPUT_PYTHON-VERSION"].trim();
const parts = (text) => (text.match(/\d+/g) || []).slice(0, 2).map(Number);
const [major, minor] = parts(version);
const [leastMajor = 3, leastMinor = 0] = parts(wanted);
if (major < leastMajor || (major === leastMajor && minor < leastMinor)) {
  console.log(`::error::Python ${wanted} was asked for, and python3 on the PATH is ${version}`);
  process.exit(1);
}
fs.appendFileSync(process.env.GITHUB_OUTPUT, `python-path=${where}\npython-version=${version}\n`);
