import { list, map } from "../list.js";
import { usual } from "../members.js";
import { checked } from "../part.js";
import { choice, line } from "../parts/scalars.js";
import { record } from "../record.js";
import { worldWord } from "../word.js";
import { link } from "./link.js";
import { nameAnswer } from "./name-answer.js";
import { responder } from "./responder.js";
import { route } from "./route.js";

const links = checked(list(link.part, "a list of links"), (all, complain) => {
  const linked = new Set<string>();
  for (const [index, { hostIface }] of all.entries()) {
    if (linked.has(hostIface)) complain([index, "interface"], "each interface once");
    linked.add(hostIface);
  }
});

export const network = worldWord({
  key: "network",
  place: "network",
  describe: "The network around the host.",
  example: "{ links: [{ interface: eth0, state: silent }], names: { bad.example: fails }, avahi: absent }",
  says: record({
    links: usual(links, [], "The link of an interface that is not named is up."),
    routes: usual(list(route.part, "a list of routes"), [], "Destinations beyond the subnets of the host."),
    names: usual(
      map(line("a host name"), nameAnswer.part, "a record: host name to answer"),
      {},
      "What the resolver answers for each name.",
    ),
    responders: usual(list(responder.part, "a list of responders"), []),
    avahi: usual(choice(["up", "down", "absent"]), "up"),
  }),
});
