import { sole } from "../part.js";
import { step } from "../word.js";
import { mdnsFault } from "../world/mdns-fault.js";

export const mdns = step({
  key: "mdns",
  target: "mdns",
  describe: "The next mDNS datagrams suffer a fault on their way to the daemon.",
  example: "mdns: { lose: 2 }",
  says: sole("fault", mdnsFault.part),
});
