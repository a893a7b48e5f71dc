import { list } from "../list.js";
import { optional } from "../members.js";
import { mac, prefixedAddress } from "../parts/addresses.js";
import { interfaceName, newInterface } from "../parts/ids.js";
import { record } from "../record.js";
import { worldWord } from "../word.js";

export const hostInterface = worldWord({
  key: "hostInterface",
  place: "host.interfaces, the step interface",
  describe: "An interface of the host and its addresses, the primary one first.",
  example: "{ name: eth1, addresses: [10.0.0.1/8] }",
  says: record({
    name: newInterface,
    mac: optional(mac, "MAC address, lower case. If absent: by the position, or as given before in the file."),
    altnames: optional(
      list(interfaceName, "a list of names"),
      "Alternative names. The kernel accepts them as host_iface. The daemon does not see them.",
    ),
    addresses: list(prefixedAddress, "a list of addresses with prefix length"),
  }),
});
