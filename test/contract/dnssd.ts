import { Milliseconds } from "../../src/core/domain/units.js";
import { SERVICE_TYPES } from "../../src/core/dnssd/browsed.js";
import type { Behaviour } from "./behaviour.js";
import type { Announcement, ContractHost } from "./host.js";
import { LATE, suiteOf } from "./kit.js";
import { ANNOUNCED } from "./stage.js";

const behaviour = suiteOf("dnssd");

const ONE: Announcement = { instance: "one", port: 8009, txt: ["p=tcp"] };
const FOUND = `found: one on mh at ${ANNOUNCED.far}:8009 p=tcp`;
const LOST = "lost: one on mh";

/** What the port reported, oldest first. IPv4 only, because the kernel chooses its own IPv6 link-local addresses. */
function reported(host: ContractHost): readonly string[] {
  return host.delivered.flatMap(({ event }) => {
    switch (event.kind) {
      case "dnssd-daemon":
        return [event.up ? "up" : "down"];
      case "dnssd-found": {
        const { instance, hostIface, family, address, port, txt } = event.service;
        return family === "ipv4"
          ? [`found: ${[instance, "on", hostIface, "at", `${address}:${String(port)}`, ...txt].join(" ")}`]
          : [];
      }
      case "dnssd-lost":
        return event.family === "ipv4" ? [`lost: ${event.instance} on ${event.hostIface}`] : [];
      default:
        return [];
    }
  });
}

async function until(host: ContractHost, count: number, what: string): Promise<void> {
  const find = (): true | undefined =>
    reported(host).filter((line) => line === what).length === count ? true : undefined;
  await host.until(`${what}, ${String(count)} times`, find, LATE);
}

/** Stops browsing and announcing at the end. */
function browsing(name: string, expected: readonly string[], run: (host: ContractHost) => Promise<void>): Behaviour {
  return behaviour(name, expected, async (host) => {
    await run(host);
    const seen = reported(host);
    host.ports.dnssd.browse([]);
    host.discovery.goodbye(ONE.instance);
    // A goodbye takes effect after one second.
    await host.sleep(Milliseconds(3_000));
    return seen;
  });
}

export const DNSSD: readonly Behaviour[] = [
  browsing("services already announced are reported after the daemon is up", ["up", FOUND], async (host) => {
    host.discovery.announce(ONE);
    await host.sleep(Milliseconds(5_000));
    host.ports.dnssd.browse(SERVICE_TYPES);
    await until(host, 1, FOUND);
  }),
  browsing("a service appears and says goodbye", ["up", FOUND, LOST], async (host) => {
    host.ports.dnssd.browse(SERVICE_TYPES);
    await until(host, 1, "up");
    host.discovery.announce(ONE);
    await until(host, 1, FOUND);
    host.discovery.goodbye(ONE.instance);
    await until(host, 1, LOST);
  }),
  browsing("a second browse reports everything again", ["up", FOUND, "up", FOUND], async (host) => {
    host.ports.dnssd.browse(SERVICE_TYPES);
    host.discovery.announce(ONE);
    await until(host, 1, FOUND);
    host.ports.dnssd.browse(SERVICE_TYPES);
    await until(host, 2, FOUND);
  }),
  browsing(
    "the daemon stops and restarts: no service is reported lost, and all are reported again",
    ["up", FOUND, "down", "up", FOUND],
    async (host) => {
      host.ports.dnssd.browse(SERVICE_TYPES);
      host.discovery.announce(ONE);
      await until(host, 1, FOUND);
      await host.discovery.setAvahi("down");
      await until(host, 1, "down");
      await host.discovery.setAvahi("up");
      await until(host, 2, FOUND);
    },
  ),
  browsing("a browse begins before the daemon starts", ["down", "up", FOUND], async (host) => {
    await host.discovery.setAvahi("down");
    host.ports.dnssd.browse(SERVICE_TYPES);
    await until(host, 1, "down");
    host.discovery.announce(ONE);
    await host.discovery.setAvahi("up");
    await until(host, 1, FOUND);
  }),
  browsing("nothing is reported once browsing stops", ["up"], async (host) => {
    host.ports.dnssd.browse(SERVICE_TYPES);
    await until(host, 1, "up");
    host.ports.dnssd.browse([]);
    host.discovery.announce(ONE);
    await host.sleep(Milliseconds(5_000));
  }),
];
