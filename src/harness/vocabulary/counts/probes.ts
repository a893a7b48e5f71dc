import { formatRef } from "../../controllers.js";
import { peerAddresses } from "../../observers/peers.js";
import { as } from "../members.js";
import { controller } from "../parts/ids.js";
import { record } from "../record.js";
import { counted } from "./counted.js";

export const probes = counted({
  key: "probes",
  describe: "Probes of this peer by daemons, from user space.",
  example: "{ probes: dc1 }",
  says: record({ probes: as("controller", controller) }),
  format: ({ controller: ref }) => `probes of ${formatRef(ref)}`,
  watch: ({ controller: ref }, view, add) => {
    const addresses = new Set(peerAddresses(view.spec, ref.id).map(({ traddr, trsvcid }) => `${traddr} ${trsvcid}`));
    return {
      called: ({ probe }, at) => {
        if (probe === undefined || (ref.hostIface !== undefined && probe.hostIface !== ref.hostIface)) return;
        if (addresses.has(`${probe.traddr} ${probe.trsvcid}`)) add(at, "");
      },
    };
  },
});
