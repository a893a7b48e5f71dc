import { sole } from "../part.js";
import { step } from "../word.js";
import { mdnsFault } from "../world/mdns-fault.js";

export const mdns = step({
  key: "mdns",
  target: "mdns",
  describe: "A fault affects the next mDNS datagrams on their way to the daemon.",
  example: "mdns: { lose: 2 }",
  says: sole("fault", mdnsFault.part),
});
