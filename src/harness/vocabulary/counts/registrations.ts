import { as, optional } from "../members.js";
import { discoveryController } from "../parts/ids.js";
import { text } from "../parts/scalars.js";
import { record } from "../record.js";
import { counted } from "./counted.js";

const symbolicName = text("a symbolic name", {
  pattern: /^[^\n]*$/,
  arbitrary: (fc) => fc.constantFrom("", "rack 7", "host.example"),
});

export const registrations = counted({
  key: "registrations",
  describe: "Registrations of this host that a discovery controller takes.",
  example: "{ registrations: dc1, symname: rack 7 }",
  says: record({
    registrations: as("dc", discoveryController),
    symname: optional(symbolicName, "Only those with this symbolic name; empty: without one."),
  }),
  format: ({ dc, symname }) => `registrations with ${dc}${symname === undefined ? "" : ` as "${symname}"`}`,
  watch: ({ dc, symname }, _view, add) => ({
    observed: (seen, at) => {
      if (seen.kind !== "registered" || seen.peer !== dc) return;
      if (symname === undefined || symname === seen.symname) add(at, seen.symname);
    },
  }),
});
