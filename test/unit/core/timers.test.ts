/** Timers as values: the names under which the clock port and the trace know them. */
import { expect, test } from "vitest";
import { timerId, type Timer } from "../../../src/core/state/timers.js";

/** One timer of each kind; of those with an owner, one for each. */
const IDS: readonly (readonly [Timer, string])[] = [
  [{ kind: "stop" }, "stop limit"],
  [{ kind: "save", service: "staf" }, "save staf"],
  [{ kind: "save", service: "stac" }, "save stac"],
  [{ kind: "soak", service: "staf" }, "soak staf"],
  [{ kind: "soak", service: "stac" }, "soak stac"],
  [{ kind: "audit" }, "audit"],
  [{ kind: "add" }, "add soak"],
  [{ kind: "ask-staf" }, "ask staf"],
  [{ kind: "names" }, "names"],
  [{ kind: "retry", controller: "c12" }, "retry c12"],
  [{ kind: "page", controller: "c12" }, "page c12"],
  [{ kind: "refresh", controller: "c12" }, "refresh c12"],
  [{ kind: "register", controller: "c12" }, "register c12"],
  [{ kind: "hand-on", device: "nvme3" }, "hand on nvme3"],
  [{ kind: "mdns-reach" }, "mdns reach"],
  [{ kind: "mdns-cache" }, "mdns cache"],
  [{ kind: "mdns-avahi" }, "mdns avahi"],
  [{ kind: "mdns-soak" }, "mdns soak"],
  [{ kind: "mdns-watch" }, "mdns watch"],
  [{ kind: "mdns-purge" }, "mdns purge"],
];

test.each(IDS)("%o is %s", (timer, id) => {
  expect(timerId(timer)).toBe(id);
});

test("no two timers share a name", () => {
  expect(new Set(IDS.map(([timer]) => timerId(timer))).size).toBe(IDS.length);
});
