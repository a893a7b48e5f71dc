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

/** What was told, oldest first; over IPv4, because the kernel's link-local addresses of IPv6 are its own choice. */
function told(host: ContractHost): readonly string[] {
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
  const find = (): true | undefined => (told(host).filter((line) => line === what).length === count ? true : undefined);
  await host.until(`${what}, ${String(count)} times`, find, LATE);
}

/** Ends with nothing browsed and nothing announced. */
function browsing(name: string, expected: readonly string[], run: (host: ContractHost) => Promise<void>): Behaviour {
  return behaviour(name, expected, async (host) => {
    await run(host);
    const seen = told(host);
    host.ports.dnssd.browse([]);
    host.discovery.goodbye(ONE.instance);
    // The far end's goodbye counts for a second.
    await host.sleep(Milliseconds(3_000));
    return seen;
  });
}

export const DNSSD: readonly Behaviour[] = [
  browsing("services that are announced already are told after the daemon is", ["up", FOUND], async (host) => {
    host.discovery.announce(ONE);
    await host.sleep(Milliseconds(5_000));
    host.ports.dnssd.browse(SERVICE_TYPES);
    await until(host, 1, FOUND);
  }),
  browsing("a service comes and says goodbye", ["up", FOUND, LOST], async (host) => {
    host.ports.dnssd.browse(SERVICE_TYPES);
    await until(host, 1, "up");
    host.discovery.announce(ONE);
    await until(host, 1, FOUND);
    host.discovery.goodbye(ONE.instance);
    await until(host, 1, LOST);
  }),
  browsing("a second browse tells everything anew", ["up", FOUND, "up", FOUND], async (host) => {
    host.ports.dnssd.browse(SERVICE_TYPES);
    host.discovery.announce(ONE);
    await until(host, 1, FOUND);
    host.ports.dnssd.browse(SERVICE_TYPES);
    await until(host, 2, FOUND);
  }),
  browsing(
    "the daemon goes and comes back: nothing is lost, and everything is told anew",
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
  browsing("a browse without the daemon, which comes later", ["down", "up", FOUND], async (host) => {
    await host.discovery.setAvahi("down");
    host.ports.dnssd.browse(SERVICE_TYPES);
    await until(host, 1, "down");
    host.discovery.announce(ONE);
    await host.discovery.setAvahi("up");
    await until(host, 1, FOUND);
  }),
  browsing("nothing is told once nothing is browsed", ["up"], async (host) => {
    host.ports.dnssd.browse(SERVICE_TYPES);
    await until(host, 1, "up");
    host.ports.dnssd.browse([]);
    host.discovery.announce(ONE);
    await host.sleep(Milliseconds(5_000));
  }),
];
