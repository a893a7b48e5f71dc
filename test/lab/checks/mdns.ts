/** Discovery over mDNS against real avahi-daemons: both adapters must see the same. */
import { Seconds } from "../../../src/core/domain/units.js";
import { Avahi } from "../guest/avahi.js";
import type { Check } from "../check.js";
import type { Lab } from "../guest/lab.js";
import { cable, type NetworkNamespace, setLink } from "../guest/network.js";
import { waitFor } from "../guest/wait.js";
import { allSee, ByAvahi, ByQueries } from "./steps/discoverers.js";

const LIMIT = Seconds(200);

const HERE = "here";
const HERE_TOO = "here2";

/** A cable to a namespace: the guest's end has an address, the far one the address that services are at. */
function wire(lab: Lab, name = HERE): NetworkNamespace {
  const namespace = lab.namespace();
  cable({ name, address: "10.99.0.1/24" }, { name: "there", address: "10.99.0.2/24" }, namespace);
  return namespace;
}

/** A service as it is seen through an interface, over both families. */
function seen(name: string, hostIface = HERE, more = "8009 p=tcp", address = "10.99.0.2"): readonly string[] {
  return [`${hostIface} ipv4 ${name} ${address} ${more}`, `${hostIface} ipv6 ${name} link-local ${more}`];
}

interface Scene {
  readonly near: Avahi;
  readonly avahi: ByAvahi;
  readonly queries: ByQueries;
  readonly both: readonly (ByAvahi | ByQueries)[];
}

/** The guest's own Avahi with a client, and queries beside it on the same port. */
async function discover(lab: Lab, interfaces: readonly string[] = [HERE]): Promise<Scene> {
  const near = await Avahi.start(lab, "near");
  const avahi = new ByAvahi(lab, near.bus.address);
  const queries = new ByQueries(lab, interfaces);
  avahi.browse();
  return { near, avahi, queries, both: [avahi, queries] };
}

const same: Check = {
  name: "Avahi and queries beside it see the same services come, change and say goodbye, over IPv4 and IPv6",
  guest: "mdns",
  limit: LIMIT,
  async run(lab) {
    const { expect } = lab;
    const far = await Avahi.start(lab, "far", wire(lab));
    const { avahi, both, queries } = await discover(lab);
    const nqn = "nqn=nqn.2014-08.org.nvmexpress.discovery";
    const first = far.publish({ name: "one", txt: ["p=tcp", nqn] });
    far.publish({ name: "two \u00fc. dot", type: "_nvme-disc._udp", port: 4420, txt: ["p=roce"] });
    const two = seen("two \u00fc. dot", HERE, "4420 p=roce");
    await allSee(both, [...seen("one", HERE, `8009 ${nqn} p=tcp`), ...two]);
    await first.end("SIGTERM", Seconds(10));
    await allSee(both, two);
    far.publish({ name: "one", port: 8010 });
    await allSee(both, [...seen("one", HERE, "8010 p=tcp"), ...two]);
    expect.equal("what was told of the daemon", avahi.daemon(), ["up"]);
    expect.equal("what was logged", [...avahi.log, ...queries.log], []);
    const from = new Set(
      queries.heard.map(({ family, from }) => `${family} ${from.startsWith("fe80:") ? "fe80" : from}`),
    );
    expect.equal("who was heard", [...from].sort(), ["ipv4 10.99.0.1", "ipv4 10.99.0.2", "ipv6 fe80"]);
  },
};

const duplicate: Check = {
  name: "one address on two interfaces: each service is seen on its own",
  guest: "mdns",
  limit: LIMIT,
  async run(lab) {
    const { expect } = lab;
    const [far, farToo] = [
      await Avahi.start(lab, "far", wire(lab)),
      await Avahi.start(lab, "far2", wire(lab, HERE_TOO)),
    ];
    const { both, queries } = await discover(lab, [HERE, HERE_TOO]);
    far.publish({ name: "one" });
    farToo.publish({ name: "one" });
    farToo.publish({ name: "two" });
    await allSee(both, [...seen("one"), ...seen("one", HERE_TOO), ...seen("two", HERE_TOO)]);
    expect.equal("what was logged", queries.log, []);
  },
};

export const mdnsChecks: readonly Check[] = [same, duplicate];
void waitFor;
void setLink;
