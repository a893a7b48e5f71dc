/** The contract suite's stage as a simulated world. */
import type {
  DiscoveryControllerSpec,
  EntrySpec,
  ListenSpec,
  ListenerState,
  SubsystemSpec,
  WorldSpec,
} from "../../src/adapters/sim/spec.js";
import { Milliseconds } from "../../src/core/domain/units.js";
import type { MeasuredKernel } from "./host.js";
import {
  type Address,
  ANNOUNCED,
  HOST_ID,
  HOST_NQN,
  INTERFACES,
  NAMES,
  PEERS,
  type Place,
  PLACE_NAMES,
  PLACES,
  type Subsystem,
  SUBSYSTEM_NQN,
  SUBSYSTEMS,
  UNIQUE_DISCOVERY_NQN,
} from "./stage.js";

const OF_ANNOUNCED = { name: ANNOUNCED.hostIface, address: ANNOUNCED.own, prefix: ANNOUNCED.prefix };

/** Where the discovery subsystem with a unique NQN listens. In this world it is a separate subsystem. */
export const UNIQUE_PLACE: Address = { traddr: "127.0.0.1", trsvcid: "8011" };

function serves(place: Place, subsystem: Subsystem): boolean {
  return PLACES[place].subsystems.some((served) => served === subsystem);
}

/** A subsystem's entry in the discovery log page of a place. */
export function entryOf(place: Place, subsystem: Subsystem): EntrySpec {
  return { kind: "subsystem", id: subsystem, ncc: false, listen: PLACE_NAMES.indexOf(place) };
}

function tcp({ traddr, trsvcid }: Address, state: ListenerState = "up"): ListenSpec {
  return { transport: "tcp", traddr, trsvcid, state };
}

function discovery(
  id: string,
  listen: ListenSpec,
  more: Partial<DiscoveryControllerSpec> = {},
): DiscoveryControllerSpec {
  return {
    id,
    kind: "plain",
    listen: [listen],
    entries: [],
    answers: [],
    pleo: false,
    extdlpes: false,
    padding: "nul",
    ...more,
  };
}

function subsystemSpec(id: Subsystem): SubsystemSpec {
  const listen = PLACE_NAMES.map((place) => tcp(PLACES[place], serves(place, id) ? "up" : "refuses"));
  const anyHost: SubsystemSpec = { id, nqn: SUBSYSTEM_NQN[id], listen, namespaces: 1 };
  return id === "private" ? { ...anyHost, allowedHosts: [] } : anyHost;
}

export function specOf(version: MeasuredKernel): WorldSpec {
  const ports = PLACE_NAMES.map((place) =>
    discovery(place, tcp(PLACES[place]), { entries: PLACES[place].subsystems.map((id) => entryOf(place, id)) }),
  );
  return {
    seed: 1,
    host: {
      kernel: { version, controllers: [], ueventBuffer: 1_000, attributesAfter: Milliseconds(0), jitter: 0 },
      nqn: HOST_NQN,
      id: HOST_ID,
      name: "lab",
      processes: "two",
      nvmeCli: "absent",
      interfaces: [...INTERFACES, OF_ANNOUNCED].map(({ name, address, prefix }, index) => ({
        name,
        mac: `02:00:00:00:00:0${String(index + 1)}`,
        addresses: [`${address}/${String(prefix)}`],
      })),
      files: {},
      binaryFiles: {},
    },
    network: {
      links: [],
      routes: [],
      names: {
        [NAMES.known.name]: {
          kind: "addresses",
          addresses: NAMES.known.addresses,
          rotate: false,
          after: Milliseconds(1),
        },
        [NAMES.broken]: { kind: "fails", after: Milliseconds(1) },
      },
      responders: [],
      avahi: "up",
    },
    fabric: {
      discoveryControllers: [
        ...ports,
        discovery("unique", tcp(UNIQUE_PLACE), { nqn: UNIQUE_DISCOVERY_NQN }),
        discovery("silent", tcp(PEERS.silent, "silent")),
        discovery("closes", tcp(PEERS.closes, "closes")),
        discovery("garbage", tcp(PEERS.garbage, "garbage")),
      ],
      subsystems: SUBSYSTEMS.map(subsystemSpec),
    },
  };
}
