/** Which files there are to check. */
import { execFileSync } from "node:child_process";
import { readdirSync } from "node:fs";
import { join } from "node:path";

/** Folders that hold nothing written by hand. */
const NOT_OURS = new Set([".git", "coverage", "dist", "dist-tools", "node_modules"]);

/** What ESLint may have rules for. */
export const CODE = /\.[cm]?[jt]s$/;

/** Every file of the project, from its root. @param {string} root @param {string} [folder] @returns {string[]} */
export function allFiles(root, folder = "") {
  return readdirSync(join(root, folder), { withFileTypes: true })
    .sort((a, b) => (a.name < b.name ? -1 : 1))
    .flatMap((entry) => {
      const path = join(folder, entry.name);
      if (entry.isDirectory()) return NOT_OURS.has(entry.name) ? [] : allFiles(root, path);
      return entry.isFile() ? [path] : [];
    });
}

/** Files that differ from the last commit, and new ones. @param {string} root @returns {string[]} */
export function changedFiles(root) {
  /** @param {readonly string[]} args */
  const git = (...args) =>
    execFileSync("git", args, { cwd: root, encoding: "utf8" })
      .split("\0")
      .filter((path) => path !== "");
  return [
    ...git("diff", "--name-only", "-z", "--diff-filter=d", "--relative", "HEAD"),
    ...git("ls-files", "--others", "--exclude-standard", "-z"),
  ].sort();
}
