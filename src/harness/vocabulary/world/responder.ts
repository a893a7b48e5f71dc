import type { ResponderSpec } from "../../../adapters/sim/spec.js";
import { DEFAULT_TTL, DISCOVERY_PORT } from "../../scenario/defaults.js";
import { list } from "../list.js";
import { as, optional, required, usual } from "../members.js";
import { mapped } from "../part.js";
import { address } from "../parts/addresses.js";
import { hostInterface, newResponder } from "../parts/ids.js";
import { choice, flag, integer, line } from "../parts/scalars.js";
import { duration } from "../parts/times.js";
import { record } from "../record.js";
import { worldWord } from "../word.js";

const spelt = record({
  id: newResponder,
  interface: as("hostIface", required(hostInterface, "Host interface on whose link it is announced.")),
  instance: optional(line("a service instance"), "Service instance; the id if absent."),
  type: usual(choice(["_nvme-disc._tcp", "_nvme-disc._udp"]), "_nvme-disc._tcp"),
  "host-name": optional(line("a host name"), "Target of the SRV record; ID.local if absent."),
  addresses: list(address, "a list of IP addresses"),
  port: usual(integer(1, 65_535), DISCOVERY_PORT),
  txt: usual(list(line("a TXT string such as p=tcp"), "a list of TXT strings"), ["p=tcp"]),
  ttl: usual(duration, DEFAULT_TTL),
  hosts: usual(
    integer(1, 1_000),
    1,
    "How many hosts announce it, at the same addresses. If several, each adds -1, -2, ... to its instance and host name.",
  ),
  additional: usual(flag, true, "Whether the answer for a PTR record brings the service's other records too."),
  announced: usual(flag, true, "Whether it is announced from the start."),
});

export const responder = worldWord<ResponderSpec>({
  key: "responder",
  place: "network.responders, the step announce",
  describe: "A service announced over mDNS on a link.",
  example: "{ id: r1, interface: eth0, addresses: [192.168.1.20], announced: false }",
  says: mapped(spelt, {
    read: ({ id, hostIface, instance = id, type, hostName = `${id}.local`, ...rest }) => ({
      id,
      hostIface,
      instance,
      type,
      hostName,
      ...rest,
    }),
    write: ({ id, instance, hostName, ...rest }) => ({
      id,
      ...rest,
      ...(instance === id ? {} : { instance }),
      ...(hostName === `${id}.local` ? {} : { hostName }),
    }),
  }),
});
