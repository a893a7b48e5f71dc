/** Expectations as a file spells them. */
import { BUS_METHODS, REPLIED_CALLS, UNREPLIED_CALLS } from "../names.js";
import * as p from "./parts.js";

const window = {
  from: p.duration.optional().describe("From this time; the start where absent."),
  to: p.duration.optional().describe("Until this time; the end of the run where absent."),
};

const bound = {
  is: p.count.optional().describe("Exactly this often."),
  "at-most": p.count.optional(),
  "at-least": p.count.optional(),
};

/** Exactly one of the three keys of a bound. */
const oneBound = { oneOf: [{ required: ["is"] }, { required: ["at-most"] }, { required: ["at-least"] }] };

const linkCondition = p.record({ interface: p.iface, state: p.linkState });
const listenerCondition = p.record({ id: p.id, state: p.listenerState });
const processCondition = p.record({ name: p.service, running: p.flag() });

const condition = p.oneOf("one of { link }, { listener }, { process }", [
  p.record({ link: linkCondition.describe("While a link is in this state.") }),
  p.record({ listener: listenerCondition.describe("While every address of a peer is in this state.") }),
  p.record({ process: processCondition.describe("While a service runs, or does not.") }),
]);

const never = p.oneOf("{ connect: IDS } or { disconnect: IDS }, each with or without while", [
  p.record({ connect: p.controllerRefs.describe("No daemon connects to it."), while: condition.optional() }),
  p.record({
    disconnect: p.controllerRefs.describe("No daemon deletes a controller to it."),
    while: condition.optional(),
  }),
]);

const counted = p.oneOf(
  "one of { connects }, { disconnects }, { probes }, { log-reads }, { registrations }, { calls }, { reconciles }, { unit-restarts }, { crashes }",
  [
    p.record({ connects: p.controllerRef.describe("Connect strings of daemons for this peer.") }),
    p.record({ disconnects: p.controllerRef.describe("Deletes by daemons of controllers to this peer.") }),
    p.record({ probes: p.controllerRef.describe("Probes of this peer from user space.") }),
    p.record({ "log-reads": p.controllerRef.describe("Reads of this peer's discovery log page, by their header.") }),
    p.record({
      registrations: p.id.describe("Registrations that this discovery controller took."),
      symname: p
        .text("a symbolic name", /^[^\n]*$/)
        .optional()
        .describe("Only those with this symbolic name; empty: none."),
    }),
    p.record({
      calls: p
        .choice([...REPLIED_CALLS, ...UNREPLIED_CALLS, ...BUS_METHODS])
        .describe("Calls on a port, or of a bus method by clients."),
    }),
    p.record({ reconciles: p.service.describe("How often a service compared wanted and present.") }),
    p.record({
      "unit-restarts": p
        .line("a regular expression")
        .describe("Restarts of units by daemons: a regular expression (flag u) that the unit's name matches."),
    }),
    p.record({ crashes: p.processTarget.describe("Processes that crashed.") }),
  ],
);

/** One expectation each; the first key tells which. */
export const expectations = {
  connected: p
    .record({
      at: p.duration,
      connected: p.controllerRefs,
      exactly: p.flag().default(false).describe("And no other controller exists."),
    })
    .describe("Live controllers to these peers exist at that time."),
  disconnected: p
    .record({ at: p.duration, disconnected: p.controllerRefs })
    .describe("No controller to these peers exists at that time."),
  throughout: p
    .record({ throughout: p.range, connected: p.controllerRefs })
    .describe("Connected all that time by the same kernel controllers, never deleted in between."),
  within: p
    .record({
      within: p.range.describe("Not earlier and not later than this after the step."),
      of: p.id.describe("Id of a step."),
      connected: p.controllerRefs.optional(),
      disconnected: p.controllerRefs.optional(),
    })
    .meta({
      description: "Peers become connected or disconnected in a span after a step.",
      oneOf: [{ required: ["connected"] }, { required: ["disconnected"] }],
    }),
  never: p.record({ never, ...window }).describe("A daemon never does this."),
  count: p
    .record({ count: counted, ...bound, ...window })
    .meta({ description: "How often something happened.", ...oneBound }),
  log: p
    .record({
      log: p.record({
        level: p.choice(["debug", "info", "notice", "warning", "error"]).optional().describe("Exactly this level."),
        matches: p
          .line("a regular expression")
          .optional()
          .describe("A regular expression (flag u) that the text matches."),
      }),
      ...bound,
      ...window,
    })
    .meta({ description: "How often something was logged.", ...oneBound }),
  state: p
    .record({
      at: p.duration,
      state: p.record({
        controller: p.controllerRef,
        service: p.service,
        state: p.lifeState.describe("Where the service says that it stands; absent: it has none."),
      }),
    })
    .describe("Where a service says that a controller stands."),
  file: p
    .record({
      at: p.duration,
      file: p.record({
        path: p.path,
        exists: p.flag().default(true),
        contains: p.line("text").optional().describe("Text that the file holds."),
      }),
    })
    .describe("A file exists and what it holds."),
  process: p
    .record({
      at: p.duration,
      process: p.record({
        name: p.service,
        running: p.flag().optional().describe("true where absent, unless a status is expected."),
        status: p.integer(0, 255).optional().describe("Exit status of its last run."),
      }),
    })
    .describe("A service runs, or how its last run ended."),
  settled: p
    .record({ settled: p.duration })
    .describe("By then nothing is pending: no operation in flight, no controller wanted and not live."),
};
