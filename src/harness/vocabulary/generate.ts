/** Whole scenarios that hold together, for property tests. */
import type { InterfaceSpec } from "../../adapters/sim/spec.js";
import { Milliseconds } from "../../core/domain/units.js";
import type { ScenarioBody } from "../scenario/types.js";
import { expectationPart } from "./expectations/index.js";
import { closeWindow } from "./expectations/window.js";
import type { Cast } from "./mentions.js";
import type { Arbitrary, FastCheck, Part } from "./part.js";
import { mac } from "./parts/addresses.js";
import { integer, line } from "./parts/scalars.js";
import { arbitraryStep } from "./timeline.js";
import { discoveryController } from "./world/discovery-controller.js";
import { host } from "./world/host.js";
import { initialController } from "./world/initial-controller.js";
import { hostInterface } from "./world/interface.js";
import { network } from "./world/network.js";
import { responder } from "./world/responder.js";
import { subsystem } from "./world/subsystem.js";

/** The names in a generated scenario, unless the caller gives others. */
export const CAST: Cast = {
  names: {
    "discovery-controller": ["dc1", "dc2"],
    subsystem: ["vol1", "vol2"],
    device: ["nvme9"],
    interface: ["eth0", "eth1"],
    responder: ["r1", "r2"],
    step: ["first", "gone"],
  },
  until: Milliseconds(3_600_000),
};

/** The names of a scenario, to generate steps for it. Generated times are within its run. */
export function castFrom({ world, timeline, until }: ScenarioBody): Cast {
  const { host, network: net, fabric } = world;
  return {
    names: {
      "discovery-controller": fabric.discoveryControllers.map(({ id }) => id),
      subsystem: fabric.subsystems.map(({ id }) => id),
      device: host.kernel.controllers.flatMap((one) => (one.kind === "sysfs" ? [one.name] : [])),
      interface: host.interfaces.map(({ name }) => name),
      responder: net.responders.map(({ id }) => id),
      step: timeline.flatMap(({ id }) => (id === undefined ? [] : [id])),
    },
    until,
  };
}

/**
 * Any scenario that a file can hold, with everything that the cast names. Its addresses and files are up to chance: a
 * world may refuse it (`WorldMisuse`), and most daemons find nothing to connect to.
 */
export function arbitraryScenario(fc: FastCheck, cast: Cast = CAST): Arbitrary<ScenarioBody> {
  const until = Milliseconds(2 * cast.until);
  return fc
    .record({
      title: line("").arbitrary(fc, cast),
      origin: fc.option(line("").arbitrary(fc, cast), { nil: undefined }),
      seed: integer(0, 0xffff_ffff).arbitrary(fc, cast),
      host: arbitraryHost(fc, cast),
      network: fc
        .tuple(network.part.arbitrary(fc, cast), each(fc, cast, "responder", responder.part))
        .map(([one, responders]) => ({ ...one, responders })),
      fabric: fc.record({
        discoveryControllers: each(fc, cast, "discovery-controller", discoveryController.part),
        subsystems: each(fc, cast, "subsystem", subsystem.part),
      }),
      named: fc.tuple(...cast.names.step.map((id) => arbitraryStep(fc, cast, id))),
      others: fc.array(arbitraryStep(fc, cast), { maxLength: 6 }),
      expectations: fc.array(expectationPart.arbitrary(fc, cast), { maxLength: 6 }),
    })
    .map(({ title, origin, seed, host: { autostart, ...machine }, network: net, fabric, ...rest }) => ({
      format: 1,
      title,
      ...(origin === undefined ? {} : { origin }),
      seed,
      world: { seed, host: machine, network: net, fabric },
      autostart,
      timeline: [...rest.named, ...rest.others],
      expectations: rest.expectations.map((expectation) => closeWindow(expectation, until)),
      until,
    }));
}

/** One value for each name of a kind. */
function each<Value extends { readonly id: string }>(
  fc: FastCheck,
  cast: Cast,
  kind: keyof Cast["names"],
  part: Part<Value>,
): Arbitrary<readonly Value[]> {
  return fc.tuple(...cast.names[kind].map((id) => part.arbitrary(fc, cast).map((value) => ({ ...value, id }))));
}

function arbitraryHost(fc: FastCheck, cast: Cast) {
  const interfaces = cast.names.interface.map((name) =>
    fc
      .tuple(hostInterface.part.arbitrary(fc, cast), mac.arbitrary(fc, cast))
      .map(([one, address]): InterfaceSpec => ({ ...one, name, mac: address })),
  );
  const controllers = initialController.part.arbitrary(fc, cast);
  const devices = cast.names.device.map((name) =>
    controllers.filter((one) => one.kind === "sysfs").map((one) => ({ ...one, name })),
  );
  const connections = fc.array(
    controllers.filter(({ kind }) => kind === "connected"),
    { maxLength: 3 },
  );
  return fc
    .tuple(host.part.arbitrary(fc, cast), fc.tuple(...interfaces), fc.tuple(...devices), connections)
    .map(([one, given, shown, connected]) => ({
      ...one,
      interfaces: given,
      kernel: { ...one.kernel, controllers: [...shown, ...connected] },
    }));
}
