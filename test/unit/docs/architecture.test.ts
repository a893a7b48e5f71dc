/** docs/architecture.md draws what the code holds: the rooms of the core in their order, and the life of a controller. */
import { readdirSync, readFileSync } from "node:fs";
import { expect, test } from "vitest";
import { LIFE_STEPS } from "../../../src/core/state/controller.js";

const page = readFileSync("docs/architecture.md", "utf8");

test("the page lists every room of the core, in the order that the import check holds", () => {
  const [, rooms = ""] = page.split("## The rooms of the core");
  const listed = [...(rooms.split("\n## ")[0] ?? "").matchAll(/^- \*\*([a-z]+)\*\*/gmu)].map(([, room]) => room);
  const [, order = ""] = /const ROOMS = \[([^\]]*)\]/u.exec(readFileSync(".dependency-cruiser.cjs", "utf8")) ?? [];
  expect(listed).toEqual([...order.matchAll(/"([a-z]+)"/gu)].map(([, room]) => room));
  const folders = readdirSync("src/core", { withFileTypes: true }).filter((entry) => entry.isDirectory());
  expect(new Set(listed)).toEqual(new Set(folders.map(({ name }) => name)));
});

test("the core has at most six files of its own, and the page names each", () => {
  const files = readdirSync("src/core").filter((name) => name.endsWith(".ts"));
  expect(files.length).toBeLessThanOrEqual(6);
  for (const file of files) expect(page).toContain(`\`${file}\``);
});

test("the diagram of a controller's life shows the steps that the code allows", () => {
  const [, diagram = ""] = /stateDiagram-v2\n([^`]*)```/u.exec(page) ?? [];
  const drawn = [...diagram.matchAll(/^ {2}(\w+) --> (\w+)$/gmu)].map(([, from, to]) => `${from ?? ""} ${to ?? ""}`);
  const name = (state: string): string => state.replace("-", "_");
  const allowed = Object.entries(LIFE_STEPS).flatMap(([from, steps]) => {
    return steps.map((to) => `${name(from)} ${name(to)}`);
  });
  expect(drawn).toEqual(allowed);
});
