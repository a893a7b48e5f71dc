/** The house's one-way imports: bin -> harness, adapters -> core. `scripts/check-imports.js` proves that each rule bites. */

const LOCAL = "^(src|test|bench|scripts|sim)/";

/** A rule that lets `from` import nothing local but what `to` lists. */
function only(name, from, to, comment) {
  return { name, comment, severity: "error", from: { path: from }, to: { path: LOCAL, pathNot: to } };
}

/**
 * The rooms of src/core, from the bottom up: each may import the rooms before it, and none behind it. The files in
 * src/core itself stand on top. docs/architecture.md says what each room holds.
 */
const ROOMS = [
  "domain",
  "ports",
  "codec",
  "config",
  "dnssd",
  "state",
  "record",
  "kernel",
  "boot",
  "names",
  "controller",
  "devices",
  "mdns",
  "staf",
  "stac",
  "check",
  "handlers",
];

/** One rule a room: nothing behind it in `ROOMS`, and nothing that lies in src/core itself. */
const ROOM_ORDER = ROOMS.map((room, at) => ({
  name: `core-room-${room}`,
  comment: `src/core/${room} imports only the rooms before it.`,
  severity: "error",
  from: { path: `^src/core/${room}/` },
  to: { path: "^src/core/", pathNot: `^src/core/(${ROOMS.slice(0, at + 1).join("|")})/` },
}));

/** @type {import("dependency-cruiser").IConfiguration} */
module.exports = {
  forbidden: [
    {
      name: "core-imports-only-core",
      comment: "The core is pure: no Node module, no package, nothing outside src/core.",
      severity: "error",
      from: { path: "^src/core/" },
      to: { pathNot: "^src/core/", couldNotResolve: false },
    },
    {
      name: "core-rooms-are-known",
      comment: "A new room of src/core takes its place in the order of the rooms (ROOMS above).",
      severity: "error",
      from: { path: "^src/core/[^/]+/", pathNot: `^src/core/(${ROOMS.join("|")})/` },
      to: {},
    },
    ...ROOM_ORDER,
    only(
      "adapters-shared-imports",
      "^src/adapters/shared/",
      "^src/(core|adapters/shared)/",
      "What both worlds use knows neither of them.",
    ),
    only(
      "adapters-real-imports",
      "^src/adapters/real/",
      "^src/(core|adapters/(real|shared))/",
      "The real adapters know the core, and nothing of the simulation.",
    ),
    only(
      "adapters-sim-imports",
      "^src/adapters/sim/",
      "^src/(core|adapters/(sim|shared))/",
      "The simulated world knows the core, and nothing of the real adapters or the harness.",
    ),
    only(
      "harness-imports",
      "^src/harness/",
      "^src/(core|adapters|harness)/",
      "The harness is started by bin and never reaches back.",
    ),
    only("src-imports-only-src", "^src/", "^src/", "Product code does not lean on tests, benches or scripts."),
    {
      name: "no-cycles",
      comment: "Two modules that need each other are one module, or need a third.",
      severity: "error",
      from: { path: "^src/" },
      to: { circular: true },
    },
    {
      name: "no-dev-dependency-in-src",
      comment: "What the product imports stands under dependencies in package.json.",
      severity: "error",
      from: { path: "^src/" },
      to: {
        dependencyTypes: ["npm-dev", "npm-no-pkg", "npm-unknown"],
        dependencyTypesNot: ["type-only"],
      },
    },
    {
      name: "no-unresolvable",
      comment: "An import that resolves to nothing is an import that no rule can judge.",
      severity: "error",
      from: {},
      to: { couldNotResolve: true },
    },
  ],
  options: {
    doNotFollow: { path: "node_modules" },
    tsPreCompilationDeps: true,
    tsConfig: { fileName: "tsconfig.json" },
    enhancedResolveOptions: {
      exportsFields: ["exports"],
      conditionNames: ["import", "node", "default", "types"],
    },
  },
};
