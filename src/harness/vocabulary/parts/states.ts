/** States and actors that several words share. */
import { choice } from "./scalars.js";
import { titled } from "../part.js";

/** One of the two services. */
export const service = choice(["staf", "stac"]);

/** The process of a service, or of both. */
export const processTarget = choice(["staf", "stac", "both"]);

/** Whether something is there. */
export const upDown = choice(["up", "down"]);

/** The state of a link. */
export const linkState = titled(
  "linkState",
  "down fails loudly (no route); silent loses every packet.",
  choice(["up", "down", "silent"]),
);

/** The state of a listening address. */
export const listenerState = titled(
  "listenerState",
  "How a listening address treats a TCP connection: silent accepts it and says nothing, closes ends it, garbage answers " +
    "with something other than NVMe/TCP, unreachable never answers.",
  choice(["up", "refuses", "silent", "closes", "garbage", "unreachable"]),
);

/** The author of a connection. */
export const madeBy = titled(
  "madeBy",
  "Who wrote the connect string.",
  choice(["stas", "nvme-cli", "administrator", "nbft", "bios"]),
);
