/** Whole worlds that hold together, with what happens in them. Only oracles judge them. */
import { type InitialControllerSpec, KERNEL_VERSIONS } from "../../adapters/sim/spec.js";
import { Milliseconds } from "../../core/domain/units.js";
import type { ScenarioBody } from "../scenario/types.js";
import type { Arbitrary, FastCheck } from "../vocabulary/part.js";
import { arbitraryEpisode, stepsFrom } from "./episodes.js";
import { arbitrarySite, partsOf, type Site, stacdConf, stafdConf, WAY_IDS } from "./site.js";

/** Episodes begin within this time. A world without any shows a boot. */
const EPISODES_FROM_MS = 1_000;
const EPISODES_UNTIL_MS = 180_000;
const EPISODES_MAX = 4;

/** How long the run goes on after the last step: every refresh and every retry has its turn. */
const AFTERMATH_MS = 900_000;

const HOST_NQN = "nqn.2014-08.org.nvmexpress:uuid:33333333-3333-4333-8333-333333333333";
const HOST_ID = "33333333-3333-4333-8333-333333333333";

/** The set-up of a host. */
function arbitraryHost(fc: FastCheck) {
  return fc.record({
    seed: fc.integer({ min: 0, max: 0xffff_ffff }),
    version: fc.constantFrom(...KERNEL_VERSIONS),
    processes: fc.constantFrom("one", "two"),
    jitter: fc.constantFrom(0, 0.3),
    // What the initramfs connected.
    before: fc.subarray([...WAY_IDS], { maxLength: 2 }),
    avahi: fc.constantFrom("up", "absent"),
  });
}

function arbitraryTimeline(fc: FastCheck, site: Site): Arbitrary<ScenarioBody["timeline"]> {
  const from = fc.integer({ min: EPISODES_FROM_MS, max: EPISODES_UNTIL_MS });
  const episode = fc.tuple(from, arbitraryEpisode(fc, site)).map(([at, one]) => stepsFrom(at, one));
  return fc.array(episode, { maxLength: EPISODES_MAX }).map((steps) => steps.flat());
}

/**
 * Any small world that holds together: a few discovery controllers and volumes within one address plan, a configuration
 * that leads to them by address, name, service or referral, and episodes such as restarts, outages and moves. Unlike
 * `arbitraryScenario`, the world is always valid and the daemon has something to do.
 */
export function arbitraryWorld(fc: FastCheck): Arbitrary<ScenarioBody> {
  return arbitrarySite(fc).chain((site) =>
    fc.tuple(arbitraryHost(fc), arbitraryTimeline(fc, site)).map(([host, timeline]): ScenarioBody => {
      const { seed, version, processes, jitter, before, avahi } = host;
      const { interfaces, names, responders, discoveryControllers, subsystems } = partsOf(site);
      const controllers = before.map((to): InitialControllerSpec => {
        return { kind: "connected", madeBy: "nvme-cli", to, state: "live" };
      });
      const last = Math.max(0, ...timeline.map(({ when }) => (when.kind === "at" ? when.at : 0)));
      return {
        format: 1,
        title: "A generated world",
        seed,
        autostart: true,
        timeline,
        expectations: [],
        until: Milliseconds(last + AFTERMATH_MS),
        world: {
          seed,
          host: {
            kernel: { version, controllers, ueventBuffer: 512, attributesAfter: Milliseconds(0), jitter },
            nqn: HOST_NQN,
            id: HOST_ID,
            name: "host1",
            processes,
            nvmeCli: "absent",
            interfaces,
            binaryFiles: {},
            files: { "/etc/stas/stafd.conf": stafdConf(site.leads), "/etc/stas/stacd.conf": stacdConf(site) },
          },
          network: { links: [], routes: [], names, responders, avahi },
          fabric: { discoveryControllers, subsystems },
        },
      };
    }),
  );
}
