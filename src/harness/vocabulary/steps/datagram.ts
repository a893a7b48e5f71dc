import { as, required } from "../members.js";
import { address, hexBytes } from "../parts/addresses.js";
import { hostInterface } from "../parts/ids.js";
import { record } from "../record.js";
import { step } from "../word.js";

export const datagram = step({
  key: "datagram",
  target: "mdns",
  describe: "Someone on a link sends an mDNS datagram with any content.",
  example: 'datagram: { interface: eth0, from: 192.168.1.9, hex: "0000" }',
  says: record({
    interface: as("hostIface", hostInterface),
    from: required(address, "Source address."),
    hex: hexBytes("bytes in hex, at most 9000", 9_000),
  }),
});
