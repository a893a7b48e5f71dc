import { either } from "../either.js";
import { again, sole } from "../part.js";
import { announcedId } from "../parts/ids.js";
import { step } from "../word.js";
import { responder } from "../world/responder.js";

export const announce = step({
  key: "announce",
  target: "mdns",
  describe: "A responder announces its service over mDNS: one of the network, by its id, or a new one as a record.",
  example: "announce: r1",
  says: sole("responder", either("the id of a responder, or a responder", [announcedId, again(responder.part)])),
  complete: ({ responder: given }, { world, complain }) => {
    if (typeof given !== "string") return { responder: given };
    const known = world.network.responders.find(({ id }) => id === given);
    if (known !== undefined) return { responder: { ...known, announced: true } };
    complain([], "the id of a responder of the network, or a responder");
    return undefined;
  },
  arbitrary: (fc, cast) => responder.part.arbitrary(fc, cast).map((one) => ({ responder: one })),
});
