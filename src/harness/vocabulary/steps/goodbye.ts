import { sole } from "../part.js";
import { responder } from "../parts/ids.js";
import { step } from "../word.js";

export const goodbye = step({
  key: "goodbye",
  target: "mdns",
  describe: "A responder says goodbye.",
  example: "goodbye: r1",
  says: sole("responder", responder),
});
