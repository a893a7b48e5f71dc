import { hostAddress } from "../parts/addresses.js";
import { listenerState } from "../parts/states.js";
import { record } from "../record.js";
import { step } from "../word.js";

export const address = step({
  key: "address",
  target: "fabric",
  describe:
    "Everything that listens at an address, of any discovery controller or subsystem, at any port and over any transport, " +
    "treats connections differently from now on.",
  example: "address: { address: 192.0.2.20, state: unreachable }",
  says: record({ address: hostAddress, state: listenerState }),
});
